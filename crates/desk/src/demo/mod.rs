//! A living clinic with invented people, to look around in.
