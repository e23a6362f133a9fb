//! A tower layer that leaves exactly one record of each webhook request, whatever became of it.
