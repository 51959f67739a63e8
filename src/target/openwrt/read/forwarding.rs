//! `config forwarding`

use super::{
    options::Options,
    state::{End, Matches, Rule, State, check_lengths, infer, line},
    uci::Section,
    value::{boolean, family},
};
use crate::router::Unreadable;

/// Reads the section: a rule that accepts what goes from one zone to another.
pub fn read(section: &Section, state: &mut State) -> Result<(), Unreadable> {
    let State { warnings, zones, .. } = state;
    let mut options = Options::new(section, warnings);
    let enabled = options.one("enabled", boolean).unwrap_or(true);
    let name = options.one("name", |text| Some(text.to_owned()));
    let only = options.one("family", family);
    let src = options.must("src", |text| State::end(zones, text));
    let dest = options.must("dest", |text| State::end(zones, text));
    let (true, true, Some(src), Some(dest)) = (options.finish(), enabled, src, dest) else { return Ok(()) };
    let Ok(only) = infer(only, &[state.family_of(Some(src)), state.family_of(Some(dest))]) else {
        state.warnings.add(section, "its zones are of different families, so firewall4 skips the section");
        return Ok(());
    };
    check_lengths(section, name.as_deref().unwrap_or_default(), None)?;
    let chain = match src {
        End::Any => "forward".to_owned(),
        End::Zone(zone) => format!("forward_{}", state.name_of(zone)),
    };
    let action = match dest {
        End::Any => "accept".to_owned(),
        End::Zone(zone) => format!("jump accept_to_{}", state.name_of(zone)),
    };
    if let End::Zone(zone) = dest {
        state.to(zone, "accept");
    }
    let matches = Matches { family: only.unwrap_or(0), ..Matches::default() };
    state.rules.push(Rule { line: line(section), chain, matches, action });
    Ok(())
}
