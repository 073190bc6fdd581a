//! Mail coming in.
