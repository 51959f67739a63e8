//! What is written for OpenWrt. firewall4 skips what it does not understand and loads the rest, so most tests here are
//! about what must never be written; the others show the files as their user sees them.

#[path = "openwrt/merging.rs"]
mod merging;
#[path = "openwrt/never.rs"]
mod never;
#[path = "openwrt/planted.rs"]
mod planted;
#[path = "openwrt/proven.rs"]
mod proven;
#[path = "openwrt/refusals.rs"]
mod refusals;
#[path = "support/settings.rs"]
mod settings;
#[path = "openwrt/support.rs"]
mod support;
#[path = "openwrt/written.rs"]
mod written;
