//! What firewall4 makes of UCI files, in small files: each test names one point of its meaning. All of them were seen in
//! the rules that firewall4 itself writes.

#[path = "openwrt_reader/meaning.rs"]
mod meaning;
#[path = "openwrt_reader/mistakes.rs"]
mod mistakes;
#[path = "openwrt_reader/robust.rs"]
mod robust;
#[path = "openwrt_reader/support.rs"]
mod support;
#[path = "openwrt_reader/tunnel.rs"]
mod tunnel;
