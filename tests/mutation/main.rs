//! Is the proof hard to fool? The files of every example and target are changed in small ways, and `verify` has to find
//! each change that changes the fate of a packet, and none that does not. What changes is decided by judges that follow
//! single packets through the files and share no code with the readers.
//!
//! `HEDGEROW_EDITS` sets how many edits each example and target gets.

mod fate;
mod nftables;
mod openwrt;
mod pfsense;
#[path = "../property/random/rng.rs"]
#[expect(dead_code, clippy::cast_possible_truncation, reason = "shared with the random policies")]
mod rng;
mod sample;
mod trial;

use std::path::Path;

use nftables::Nftables;
use openwrt::OpenWrt;
use pfsense::PfSense;
use trial::Subject;

macro_rules! examples {
    ($($test:ident => $name:literal),+ $(,)?) => {
        mod on_nftables { $(
            #[test]
            fn $test() {
                crate::trial::example::<crate::Nftables>($name, 58);
            }
        )+ }

        mod on_openwrt { $(
            #[test]
            fn $test() {
                crate::trial::example::<crate::OpenWrt>($name, 40);
            }
        )+ }

        mod on_pfsense { $(
            #[test]
            fn $test() {
                crate::trial::example::<crate::PfSense>($name, 40);
            }
        )+ }

        const NAMES: &[&str] = &[$($name),+];
    };
}

examples! {
    lan_only => "lan-only",
    direct_tls => "direct-tls",
    nginx_cloudflare => "nginx-cloudflare",
    cgnat_tunnel => "cgnat-tunnel",
    multi_uplink_office => "multi-uplink-office",
}

#[test]
fn there_are_many_kinds_of_edits_and_many_examples() {
    assert!(Nftables::kinds() >= 40);
    assert!(OpenWrt::kinds() >= 40);
    assert!(PfSense::kinds() >= 40);
    trial::kinds_occur::<Nftables>(NAMES);
    trial::kinds_occur::<OpenWrt>(NAMES);
    trial::kinds_occur::<PfSense>(NAMES);
    for name in NAMES {
        assert!(Path::new("examples").join(name).is_dir(), "{name}");
    }
}
