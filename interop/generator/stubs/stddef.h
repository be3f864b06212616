/* The types of <stddef.h> by name: the parser needs no more of them. */
typedef unsigned long size_t;
