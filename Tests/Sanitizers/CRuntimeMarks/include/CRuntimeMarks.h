// Nothing is called by name: the linker puts what is here in the place of what it wraps.
