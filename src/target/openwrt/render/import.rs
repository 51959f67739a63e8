//! How to bring the files onto a router, and back.

use super::{Renderer, merge::Replaced, names::Proto, uci::Include};

const GUIDE: &str = include_str!("../../../../targets/openwrt/IMPORT.md");

/// The text of `IMPORT.md`: what holds for every router, and what this one needs besides.
pub fn guide(
    renderer: &Renderer<'_>,
    includes: &[(&'static str, Include)],
    replaced: &[Replaced],
    merged: bool,
) -> String {
    let mut needs = String::new();
    let mut need = |text: String| needs += &format!("- {text}\n");
    for (zone, names) in renderer.network.zones.iter().zip(&renderer.names).filter(|(zone, _)| zone.behind.is_none()) {
        let network = &names.network;
        if let Some(tunnel) = &names.tunnel {
            need(format!(
                "The package `ds-lite`. {} The provider translates what comes out of it: do not set `masq` for this zone.",
                if names.second.is_some() {
                    format!(
                        "The provider's DHCPv6 then names the far end of the tunnel, which comes up as `ds-{tunnel}`."
                    )
                } else {
                    format!(
                        "`network.{tunnel}`: `peeraddr`, the provider's AFTR; the tunnel comes up as `ds-{tunnel}`."
                    )
                }
            ));
        }
        match names.proto {
            Proto::Pppoe => need(format!(
                "`network.{network}`: the `device` of the line, `username` and `password` of your provider."
            )),
            Proto::Static if zone.is_internet() => {
                need(format!(
                    "`network.{network}`: your provider's `gateway`, `dns`, and the length of the network in `ipaddr`."
                ));
            }
            Proto::Wireguard => need(format!(
                "`network.{network}`: `private_key`, made on the router: `uci set network.{network}.private_key=\"$(wg genkey)\"`."
            )),
            Proto::Unmanaged if zone.is_internet() => {}
            Proto::Unmanaged => need(format!(
                "`network.{network}`: the program behind the VPN brings `{}` up; install and configure it.",
                names.device
            )),
            Proto::Static | Proto::Dhcp => {}
        }
    }
    if renderer.names.iter().any(|names| names.device.starts_with("br-")) {
        need("`network`: the `ports` of the bridge and of its VLANs. Yours are called by the names that `ls /sys/class/net` shows; `:t` is tagged, `:u*` untagged. **The port at which you sit must carry the zone from which you administer.**".to_owned());
    }
    if let Some(name) = &renderer.network.router.hostname {
        need(format!(
            "The router's own name is in `system`, which hedgerow does not write: `uci set system.@system[0].hostname='{name}'; uci commit system; service system reload`."
        ));
    }
    if !renderer.network.schedules.is_empty() {
        need("The router's time zone has to be UTC: firewall4 hands times to nft, which takes them for local ones. `uci set system.@system[0].zonename='UTC'; uci set system.@system[0].timezone='UTC0'; uci commit system; service system reload`.".to_owned());
    }
    if renderer.network.zones.iter().filter(|zone| zone.is_internet()).count() > 1 {
        need("Which uplink a connection takes is routing: the package `mwan3` or `pbr` decides it. The firewall refuses what would leave by the wrong one.".to_owned());
    }
    if needs.is_empty() {
        needs.push_str("- Nothing.\n");
    }
    let mut made_room = String::new();
    let foreign: Vec<&Replaced> = replaced.iter().filter(|section| !section.own).collect();
    if merged && !foreign.is_empty() {
        made_room += "\n## What made room in your configuration\n\nThese sections of yours are not in the new files, because hedgerow's play their part:\n\n";
        for section in foreign {
            made_room += &format!("- {}:{}, `{}`\n", section.file, section.line, section.words);
        }
    }
    let files: Vec<String> = includes.iter().map(|(name, _)| format!("`hedgerow/{name}`")).collect();
    GUIDE.replace("@NEEDS@\n", &needs).replace("@REPLACED@\n", &made_room).replace("@INCLUDES@", &files.join(", "))
}
