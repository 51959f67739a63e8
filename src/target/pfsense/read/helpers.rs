//! Redirections and rules of programs that run on the firewall itself (`filter_nat_rules_generate`).

use std::net::IpAddr;

use super::{
    ast::{End, Match, On, Origin, Rdr, Rules, To},
    config::Config,
};

/// The proxy of TFTP, and a switch for tunnels of IPv6: redirections of the firewall's own, before those of the user.
pub fn redirections(config: &Config, rules: &mut Rules) {
    let mut push = |device: &str, matches: Match, to: To, port: Option<(u16, u16)>, pass: bool, text: &str| {
        rules.rdrs.push(Rdr {
            no: false,
            pass,
            matches: Match { on: Some(On::one(device)), ..matches },
            to,
            port,
            tag: String::new(),
            perhaps: false,
            origin: Origin { line: 0, text: text.to_owned() },
        });
    };
    for key in config.root.text_at(&["system", "tftpinterface"]).split(',') {
        let Some(interface) = config.interfaces.get(key) else { continue };
        let matches = Match { protocols: vec![17], dst: End::ANY.with_port(69), ..Match::ANY };
        // The program hands the file over itself.
        push(&interface.device, matches, To::Unknown, None, true, "the proxy of TFTP");
    }
    let tunnels = config.root.at(&["diag", "ipv6nat"]).filter(|node| node.has("enable"));
    let target = tunnels.and_then(|node| node.text("ipaddr").parse::<IpAddr>().ok());
    if let (Some(target), Some(wan)) = (target, config.interfaces.get("wan")) {
        let device = config.interfaces.macro_device(wan);
        let matches = Match { protocols: vec![41], ..Match::ANY };
        push(&device, matches, To::Address(target), None, false, "tunnels of IPv6 are sent on");
    }
}
