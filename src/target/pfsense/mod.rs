//! pfSense: CE 2.7 and 2.8, Plus 24 and newer.

pub mod render;
