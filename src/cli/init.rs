//! `hedgerow init`

use std::{io::IsTerminal, path::Path};

use clap::Args;
use dialoguer::{Input, MultiSelect, Select};

use super::{Exit, disk, output::Common};
use crate::{
    init::{self, Answers, Mode, ROUTERS, ZONES},
    syntax::format,
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
    /// The router: nftables, openwrt, pfsense or port-forward
    #[arg(long)]
    router: Option<String>,
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
    /// Its public name
    #[arg(long, default_value = "ha.example.org")]
    name: String,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    if Path::new(&arguments.path).exists() && !arguments.force {
        return common.fail(&format!("`{}` is there already; --force overwrites it", arguments.path));
    }
    let answers = match answers(arguments) {
        Ok(answers) => answers,
        Err(why) => return common.fail(&why),
    };
    if let Some(why) = answers.conflict() {
        return common.fail(&why);
    }
    let text = init::policy(&answers);
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
fn answers(arguments: &Arguments) -> Result<Answers, String> {
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && arguments.mode.is_none();
    let failed = |error: dialoguer::Error| error.to_string();
    let router = match &arguments.router {
        Some(router) if ROUTERS.contains(&router.as_str()) => router.clone(),
        Some(router) => return Err(format!("there is no router `{router}`; there are {}", ROUTERS.join(", "))),
        None if asks => {
            let at = Select::new().with_prompt("Which router?").items(ROUTERS).default(0).interact().map_err(failed)?;
            ROUTERS.get(at).copied().unwrap_or_default().to_owned()
        }
        None => "nftables".to_owned(),
    };
    let mode = match &arguments.mode {
        Some(name) => Mode::named(name).ok_or_else(|| modes(name))?,
        None if asks => {
            let ways: Vec<String> = Mode::ALL.iter().map(|(_, name, what)| format!("{name}: {what}")).collect();
            let prompt = "How shall Home Assistant be reached from outside?";
            let at = Select::new().with_prompt(prompt).items(&ways).default(0).interact().map_err(failed)?;
            Mode::ALL.get(at).map_or(Mode::LanOnly, |(mode, ..)| *mode)
        }
        None => Mode::LanOnly,
    };
    let zones = match &arguments.zones {
        Some(zones) => zones.iter().filter(|zone| !zone.is_empty()).cloned().collect(),
        None if asks && router != "port-forward" => {
            let prompt = "Which zones beside lan and server? (space chooses)";
            let chosen = MultiSelect::new().with_prompt(prompt).items(ZONES).interact().map_err(failed)?;
            chosen.iter().filter_map(|at| ZONES.get(*at)).map(|zone| (*zone).to_owned()).collect()
        }
        None => Vec::new(),
    };
    if let Some(zone) = zones.iter().find(|zone| !ZONES.contains(&zone.as_str())) {
        return Err(format!("there is no zone `{zone}` to choose; there are {}", ZONES.join(", ")));
    }
    let (outer, inner) = match router.as_str() {
        "pfsense" => ("wan", "igb1"),
        "openwrt" => ("eth0", "br-lan"),
        _ => ("eth0", "eth1"),
    };
    let ask = |given: &Option<String>, prompt: &str, usual: &str| match given {
        Some(given) => Ok(given.clone()),
        None if asks => Input::new().with_prompt(prompt).default(usual.to_owned()).interact_text().map_err(failed),
        None => Ok(usual.to_owned()),
    };
    let uplink = ask(&arguments.uplink, "Interface of the uplink", outer)?;
    let inside = ask(&arguments.inside, "Interface that the VLANs are on", inner)?;
    Ok(Answers { router, uplink, inside, zones, mode, name: arguments.name.clone() })
}

fn modes(name: &str) -> String {
    let list: String = Mode::ALL.iter().map(|(_, name, what)| format!("\n  {name:<18} {what}")).collect();
    if name == "help" { format!("the ways are{list}") } else { format!("there is no way `{name}`; there are{list}") }
}
