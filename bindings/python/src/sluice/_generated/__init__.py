# Generated from the headers by interop/generator: change those, not this.
