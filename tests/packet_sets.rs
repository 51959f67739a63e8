//! The packet sets against brute force and against an evaluator that shares no code with them.

#[path = "property/packet_algebra.rs"]
mod algebra;
#[path = "property/packet_cubes.rs"]
mod cubes;
#[path = "property/packet_oracle.rs"]
mod oracle;
#[path = "property/packet_words.rs"]
mod words;
