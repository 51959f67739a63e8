//! OpenWrt 22.03 and newer, whose firewall is firewall4.
//!
//! `render` writes UCI files for `/etc/config`; `read` tells what firewall4 makes of such files. Neither looks at the
//! other.

pub mod read;
pub mod render;
