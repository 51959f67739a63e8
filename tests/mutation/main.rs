//! Is the proof hard to fool? The files of every example and target are changed in small ways, and `verify` has to find
//! each change that changes the fate of a packet, and none that does not. What changes is decided by judges that follow
//! single packets through the files and share no code with the readers.
//!
//! `HEDGEROW_EDITS` sets how many edits each example and target gets.

mod excuse;
mod fate;
mod ground;
mod nftables;
mod openwrt;
mod pfsense;
#[path = "../property/random/rng.rs"]
#[expect(dead_code, clippy::cast_possible_truncation, reason = "shared with the random policies")]
mod rng;
mod sample;
mod trial;

use nftables::Nftables;
use openwrt::OpenWrt;
use pfsense::PfSense;
use trial::Subject;

/// A test for each target and example, with a number of edits that is enough for every day.
macro_rules! examples {
    ($on:ident, $edits:expr, $($test:ident => $name:literal),+ $(,)?) => {
        mod $on {
            mod on_nftables { $(
                #[test]
                fn $test() {
                    crate::trial::example::<crate::Nftables>($name, $edits[0]);
                }
            )+ }

            mod on_openwrt { $(
                #[test]
                fn $test() {
                    crate::trial::example::<crate::OpenWrt>($name, $edits[1]);
                }
            )+ }

            mod on_pfsense { $(
                #[test]
                fn $test() {
                    crate::trial::example::<crate::PfSense>($name, $edits[2]);
                }
            )+ }

            pub const NAMES: &[&str] = &[$($name),+];
        }
    };
}

examples! {
    households, [58, 40, 40],
    lan_only => "lan-only",
    direct_tls => "direct-tls",
    nginx_cloudflare => "nginx-cloudflare",
    cgnat_tunnel => "cgnat-tunnel",
    multi_uplink_office => "multi-uplink-office",
}

examples! {
    ways_in, [6, 4, 4],
    m00_lan_only => "ways-in/00-lan-only",
    m01_plain_forward => "ways-in/01-plain-forward",
    m02_tls_dns_01 => "ways-in/02-tls-dns-01",
    m03_tls_http_01 => "ways-in/03-tls-http-01",
    m04_proxy_addon => "ways-in/04-proxy-addon",
    m05_proxy => "ways-in/05-proxy",
    m05_proxy_manager => "ways-in/05-proxy-manager",
    m05_proxy_router => "ways-in/05-proxy-router",
    m05_synology => "ways-in/05-synology",
    m06_cloudflare => "ways-in/06-cloudflare",
    m07_cloudflare_tunnel => "ways-in/07-cloudflare-tunnel",
    m08_wireguard => "ways-in/08-wireguard",
    m09_wireguard_addon => "ways-in/09-wireguard-addon",
    m10_openvpn => "ways-in/10-openvpn",
    m11_tailscale => "ways-in/11-tailscale",
    m11_zerotier => "ways-in/11-zerotier",
    m12_nabu_casa => "ways-in/12-nabu-casa",
    m13_ipv6 => "ways-in/13-ipv6",
    m14_tor => "ways-in/14-tor",
    m15_relay => "ways-in/15-relay",
    m15_relay_wireguard => "ways-in/15-relay-wireguard",
    m16_client_certificates => "ways-in/16-client-certificates",
    m16_sign_in => "ways-in/16-sign-in",
}

#[test]
fn there_are_many_kinds_of_edits_and_many_examples() {
    assert!(Nftables::kinds() >= 40);
    assert!(OpenWrt::kinds() >= 40);
    assert!(PfSense::kinds() >= 40);
    trial::kinds_occur::<Nftables>(households::NAMES);
    trial::kinds_occur::<OpenWrt>(households::NAMES);
    trial::kinds_occur::<PfSense>(households::NAMES);
    for folder in ["examples", "examples/ways-in"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix("examples").unwrap().to_str().unwrap();
            let tried = households::NAMES.contains(&name) || ways_in::NAMES.contains(&name);
            assert!(tried || !path.join("main.hedge").exists(), "{name} is not tried");
        }
    }
}

/// A judge that asked what the readers ask could repeat their mistakes. Of hedgerow it takes plain data: packets, files, the
/// interfaces of a topology.
#[test]
fn the_judges_share_no_code_with_the_readers() {
    let mut sources = vec!["tests/mutation/ground.rs".into(), "tests/mutation/fate.rs".into()];
    for folder in ["nftables", "openwrt", "pfsense"] {
        let entries = std::fs::read_dir(format!("tests/mutation/{folder}")).unwrap();
        sources.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let asked =
        ["target::", ".routes(", ".links()", ".local(", ".domain(", "Space", "verify::", "compile::", "policy::"];
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|line| !line.contains("target::Target,")) {
            let found = asked.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "{}: {line}", path.display());
        }
    }
}
