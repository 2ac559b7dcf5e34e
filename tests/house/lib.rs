//! What is written of the house, held against the house. `make lint` runs it; it builds nothing else.

#[cfg(test)]
mod held;
#[cfg(test)]
mod lengths;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod walk;
