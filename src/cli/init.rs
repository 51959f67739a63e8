//! `hedgerow init`

use std::{
    io::{IsTerminal, Write},
    path::Path,
};

use clap::Args;
use dialoguer::{Input, MultiSelect, Select};

use super::{Exit, disk, output::Common};
use crate::{
    init::{self, Answers, ROUTERS, WAYS, Way, ZONES},
    syntax::format,
    world::World,
};

/// Begin a policy: asks which router, which zones, and how Home Assistant shall be reached
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow init                                            asks, and writes main.hedge\n  hedgerow init --router openwrt --mode wireguard --zones iot,guest\n  hedgerow init home.hedge --router port-forward --mode proxy --name ha.example.org\n\nExit status: 0 written, 2 there is such a file already, or an answer is none"
)]
pub struct Arguments {
    /// The file to write
    #[arg(default_value = "main.hedge")]
    path: String,
    /// The router: nftables, openwrt, pfsense or port-forward; several, if they are to be compared
    #[arg(long, value_delimiter = ',')]
    router: Option<Vec<String>>,
    /// The interface of the uplink
    #[arg(long, value_name = "INTERFACE")]
    uplink: Option<String>,
    /// The interface that the VLANs are on
    #[arg(long, value_name = "INTERFACE")]
    inside: Option<String>,
    /// Zones beside those for people and servers: some of iot, camera, guest
    #[arg(long, value_delimiter = ',', value_name = "ZONES")]
    zones: Option<Vec<String>>,
    /// How Home Assistant is reached; `hedgerow init --mode help` lists the ways
    #[arg(long)]
    mode: Option<String>,
    /// Its public name [default: ha.example.org]
    #[arg(long)]
    name: Option<String>,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    if arguments.mode.as_deref() == Some("help") {
        return if writeln!(std::io::stdout(), "{}", ways()).is_ok() { Exit::Clean } else { Exit::Invalid };
    }
    if Path::new(&arguments.path).exists() && !arguments.force {
        return common.fail(&format!("`{}` is there already; --force overwrites it", arguments.path));
    }
    let answers = match answers(arguments, common) {
        Ok(answers) => answers,
        Err(why) => return common.fail(&why),
    };
    if let Some(why) = answers.conflict() {
        return common.fail(&why);
    }
    let text = match init::policy(&answers) {
        Ok(text) => text,
        Err(error) => return common.fail(&format!("the template of a policy failed: {error:#}")),
    };
    let Some(text) = format(&text) else {
        return common.fail("an answer cannot stand in a policy: interfaces and names are words such as `eth0`");
    };
    if let Err(why) = disk::write(Path::new(&arguments.path), &text) {
        return common.fail(&why);
    }
    common.say(&format!("{} is written; put your interfaces and addresses in, then:", arguments.path));
    common.say(&format!("  hedgerow check {0}\n  hedgerow compile {0}", arguments.path));
    Exit::Clean
}

/// What was given, and the rest as it is answered on a terminal; without one, as most homes have it.
fn answers(arguments: &Arguments, common: &Common) -> Result<Answers, String> {
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && arguments.mode.is_none();
    let routers = routers(arguments, asks)?;
    let way = match &arguments.mode {
        Some(name) => Way::named(name).ok_or_else(|| format!("there is no way `{name}`; there are\n{}", ways()))?,
        None => chosen_way(asks)?,
    };
    let zones = zones(arguments, asks && routers.iter().any(|router| router != "port-forward"))?;
    let (outer, inner) = match routers.as_slice() {
        [only] if only == "openwrt" => ("eth0", "br-lan"),
        _ => ("eth0", "eth1"),
    };
    let ask = |given: &Option<String>, prompt: &str, usual: &str, asks: bool| match given {
        Some(given) => Ok(given.clone()),
        None if asks => Input::new().with_prompt(prompt).default(usual.to_owned()).interact_text().map_err(failed),
        None => Ok(usual.to_owned()),
    };
    // pfSense has names of its own for what is assigned.
    let linux = asks && routers.iter().any(|router| router != "pfsense");
    Ok(Answers {
        uplink: ask(&arguments.uplink, "Interface of the uplink", outer, linux)?,
        inside: ask(&arguments.inside, "Interface that the VLANs are on", inner, linux)?,
        name: ask(&arguments.name, "Public name", "ha.example.org", asks && way.has_name())?,
        today: common.disk().today(),
        routers,
        zones,
        way,
    })
}

fn failed(error: dialoguer::Error) -> String {
    error.to_string()
}

fn routers(arguments: &Arguments, asks: bool) -> Result<Vec<String>, String> {
    let Some(given) = &arguments.router else {
        if !asks {
            return Ok(vec!["nftables".to_owned()]);
        }
        let at = Select::new().with_prompt("Which router?").items(ROUTERS).default(0).interact().map_err(failed)?;
        return Ok(ROUTERS.get(at).map(|router| (*router).to_owned()).into_iter().collect());
    };
    match given.iter().find(|router| !ROUTERS.contains(&router.as_str())) {
        Some(router) => Err(format!("there is no router `{router}`; there are {}", ROUTERS.join(", "))),
        None => Ok(given.clone()),
    }
}

fn chosen_way(asks: bool) -> Result<&'static Way, String> {
    let at = if asks {
        let lines: Vec<String> = WAYS.iter().map(line).collect();
        let prompt = "How shall Home Assistant be reached from outside?";
        Select::new().with_prompt(prompt).items(&lines).default(0).interact().map_err(failed)?
    } else {
        0
    };
    WAYS.get(at).ok_or_else(|| "there is no such way".to_owned())
}

fn zones(arguments: &Arguments, asks: bool) -> Result<Vec<String>, String> {
    let zones: Vec<String> = match &arguments.zones {
        Some(zones) => zones.iter().filter(|zone| !zone.is_empty()).cloned().collect(),
        None if asks => {
            let prompt = "Which zones beside lan and server? (space chooses)";
            let chosen = MultiSelect::new().with_prompt(prompt).items(ZONES).interact().map_err(failed)?;
            chosen.iter().filter_map(|at| ZONES.get(*at)).map(|zone| (*zone).to_owned()).collect()
        }
        None => Vec::new(),
    };
    match zones.iter().find(|zone| !ZONES.contains(&zone.as_str())) {
        Some(zone) => Err(format!("there is no zone `{zone}` to choose; there are {}", ZONES.join(", "))),
        None => Ok(zones),
    }
}

/// All ways, a line each.
fn ways() -> String {
    WAYS.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(way: &Way) -> String {
    format!("{:<20} {}", way.name, way.about)
}
