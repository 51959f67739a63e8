//! Exact sets of packets. Ground floor: knows nothing of policies, names or files.
//!
//! A packet is the first packet of a connection as a router sees it. A [`Set`] is any set of such packets, held as a
//! node of a hash-consed interval decision diagram in a [`Space`]; two sets of one space are equal exactly when their
//! handles are equal.

mod cube;
mod field;
mod ranges;
mod space;

pub use cube::Cube;
pub use field::{Family, Field, Packet, icmp};
pub use ranges::Ranges;
pub use space::{Set, Space};
