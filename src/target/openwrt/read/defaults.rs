//! `config defaults`

use super::{
    options::Options,
    state::{State, called, refused},
    uci::Section,
    value::{Rate, boolean, choice, int, policy, rate},
};
use crate::router::{Line, Unreadable};

#[derive(Clone, Debug)]
pub struct Defaults {
    pub line: Line,
    pub input: &'static str,
    pub output: &'static str,
    pub forward: &'static str,
    pub drop_invalid: bool,
    pub synflood: Option<(Rate, Option<i64>)>,
    pub auto_helper: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        let line = Line { file: "firewall".to_owned(), line: 0, text: "no defaults section".to_owned() };
        Self {
            line,
            input: "drop",
            output: "drop",
            forward: "drop",
            drop_invalid: false,
            synflood: None,
            auto_helper: true,
        }
    }
}

/// Reads the section. The first counts; one with a bad value leaves firewall4 without any, and it gives up.
pub fn read(sections: &[Section], state: &mut State) -> Result<(), Unreadable> {
    let mut all = sections.iter().filter(|section| section.kind == "defaults");
    let Some(section) = all.next() else { return Ok(()) };
    let mut options = Options::new(section, &mut state.warnings);
    let code = |text: &str| {
        choice(text, &["tcp-reset", "port-unreachable", "admin-prohibited", "host-unreachable", "no-route"])
    };
    let input = options.one("input", policy).unwrap_or("drop");
    let output = options.one("output", policy).unwrap_or("drop");
    let forward = options.one("forward", policy).unwrap_or("drop");
    let drop_invalid = options.one("drop_invalid", boolean).unwrap_or(false);
    let _ = options.one("tcp_reject_code", code);
    let any_code = options.one("any_reject_code", code);
    let flood = options.one("syn_flood", boolean);
    let protect = options.one("synflood_protect", boolean).or(flood).unwrap_or(false);
    let limit = options.one("synflood_rate", rate).unwrap_or(Rate { rate: 25, unit: "second" });
    let burst = options.one("synflood_burst", int).unwrap_or(50);
    for name in ["tcp_syncookies", "tcp_window_scaling", "accept_redirects", "accept_source_route"] {
        let _ = options.one(name, boolean);
    }
    let _ = options.one("tcp_ecn", int);
    let auto_helper = options.one("auto_helper", boolean).unwrap_or(true);
    for name in ["flow_offloading", "flow_offloading_hw", "auto_includes"] {
        let _ = options.one(name, boolean);
    }
    for name in ["custom_chains", "disable_ipv6"] {
        options.unsupported(name, |text| boolean(text).map(drop));
    }
    if !options.finish() {
        return Err(refused(section, "a value that firewall4 does not take leaves the router without a firewall"));
    }
    if any_code == Some("tcp-reset") {
        return Err(refused(section, "`any_reject_code` cannot be a reset of TCP: nft refuses the whole firewall"));
    }
    if protect && (limit.rate == 0 || burst < 0) {
        return Err(refused(section, "`synflood_rate` or `synflood_burst` is no rate: nft refuses the whole firewall"));
    }
    let synflood = protect.then_some((limit, (burst != 0).then_some(burst)));
    let line = Line { text: called(section), ..super::state::line(section) };
    state.defaults = Defaults { line, input, output, forward, drop_invalid, synflood, auto_helper };
    for section in all {
        state.warnings.add(section, "a second section of defaults, which firewall4 leaves out");
    }
    Ok(())
}
