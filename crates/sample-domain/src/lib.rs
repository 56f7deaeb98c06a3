//! The generated domain of the quickstart.
