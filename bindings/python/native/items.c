/* SPDX-License-Identifier: Apache-2.0
 *
 * items.c - the items of lists and tuples where they lie: a call of the interpreter for each of them takes
 * longer than all the rest that is done with it.
 *
 * The limited interface has no such access. The place is looked for when the module is loaded, in a list and
 * a tuple of known items; where it is not found, the calls serve.
 */
#include "records.h"

static int lists_known, tuples_known;

static PyObject ***place_in_list(PyObject *list)
{
    return (PyObject ***)(void *)((char *)list + sizeof(PyVarObject));
}

static PyObject **place_in_tuple(PyObject *tuple)
{
    return (PyObject **)(void *)((char *)tuple + sizeof(PyVarObject));
}

PyObject **list_items(PyObject *list)
{
    return lists_known ? *place_in_list(list) : NULL;
}

PyObject **tuple_items(PyObject *tuple)
{
    return tuples_known ? place_in_tuple(tuple) : NULL;
}

int items_find(void)
{
    PyObject *tuple = PyTuple_Pack(3, Py_None, Py_True, Py_False);
    PyObject *list = tuple == NULL ? NULL : PySequence_List(tuple);
    if (list == NULL) {
        Py_XDECREF(tuple);
        return -1;
    }
    PyObject *const known[] = {Py_None, Py_True, Py_False};
    PyObject **inside = place_in_tuple(tuple);
    tuples_known = memcmp(inside, known, sizeof known) == 0;
    /* A list has its items elsewhere, behind an address. */
    PyObject **outside = *place_in_list(list);
    int followed = tuples_known && Py_SIZE(list) == 3 && outside != NULL && ((uintptr_t)outside & 7) == 0;
    lists_known = followed && memcmp(outside, known, sizeof known) == 0;
    Py_DECREF(list);
    Py_DECREF(tuple);
    return 0;
}
