//! `hedgerow explain`

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{Exit, disk, output::Common};
use crate::{
    compile,
    reach::{Answer, Case, Verdict, answer, ask},
};

/// Why does this packet pass, or not? The verdict, the translation and every statement that decides
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow explain . iot ha mqtt\n  hedgerow explain home.hedge internet ha tcp/8123\n  hedgerow explain home.hedge 203.0.113.9 wan tcp/443      the router's address on wan\n  hedgerow explain home.hedge 10.0.30.7 10.0.10.1 any\n  hedgerow explain . internet https://ha.example.org           by its public name\n\nExit status: 0 allowed, 1 denied or in part only, 2 invalid policy or question"
)]
pub struct Arguments {
    /// A file, or a folder that holds a main.hedge
    path: String,
    /// Who sends: a name, an address, `internet`, `router`
    from: String,
    /// To whom: the same, or a public name such as `ha.example.org` or `https://ha.example.org`
    to: String,
    /// A service of the policy, `tcp/8123`, or `any`
    #[arg(default_value = "any")]
    service: String,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    let (path, text) = match disk::policy(&arguments.path) {
        Ok(policy) => policy,
        Err(why) => return common.fail(&why),
    };
    let (sources, asked) = ask(&path, &text, (&arguments.from, &arguments.to, &arguments.service), &disk);
    let (network, question) = match asked {
        Ok(asked) => asked,
        Err(errors) => {
            common.report(&sources, &errors);
            return Exit::Invalid;
        }
    };
    let Some(mut meant) = compile::meant(&network, &disk) else {
        return common.fail(compile::TOO_LARGE);
    };
    let found = answer(&network, &sources, &mut meant, &question);
    if meant.space.exhausted() {
        return common.fail(compile::TOO_LARGE);
    }
    let text = match arguments.format {
        Format::Human => {
            let all: Vec<String> = std::iter::once(&found).chain(&found.others).map(human).collect();
            all.join("\n")
        }
        Format::Json => match serde_json::to_string_pretty(&found) {
            Ok(text) => text + "\n",
            Err(error) => return common.fail(&error.to_string()),
        },
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        return Exit::Invalid;
    }
    let open = |found: &Answer| !matches!(found.verdict, Verdict::Partly | Verdict::Denied);
    if open(&found) && found.others.iter().all(open) { Exit::Clean } else { Exit::Findings }
}

fn human(answer: &Answer) -> String {
    let head = match answer.verdict {
        Verdict::Allowed => "allowed",
        Verdict::Partly => "allowed in part",
        Verdict::Denied => "denied",
        Verdict::Unfiltered => "not filtered: both are in one zone, so the router does not see it",
        Verdict::Tunnelled => "by tunnel, past the router",
    };
    let mut text = format!("{head}: {}\n", answer.question);
    if let Some(by_name) = &answer.by_name {
        text += &format!("  leads to      {}\n", by_name.leads_to);
    }
    if let Some(case) = &answer.passes {
        text += &shown("passes", case);
    }
    if let Some(case) = &answer.held_back {
        text += &shown("held back", case);
    }
    if let Some(further) = &answer.goes_on {
        text += &format!("  {:<12}  {}\n", further.effect, further.text);
        text += &format!("    {:<18} its proxy asks\n", further.place.as_deref().unwrap_or_default());
    }
    for tunnel in &answer.tunnels {
        let word = if answer.verdict == Verdict::Tunnelled { "by tunnel    " } else { "but by tunnel" };
        text += &format!("  {word}  {}: {}\n", tunnel.place.as_deref().unwrap_or_default(), tunnel.text);
        text +=
            "                 the router does not see into it; who may use it is the provider's to ask (`access on`)\n";
    }
    for proxy in &answer.proxies {
        text += &format!("  but by proxy   {}: {}\n", proxy.place.as_deref().unwrap_or_default(), proxy.text);
    }
    if let Some(change) = &answer.change {
        text += &format!("  to change it  {change}\n");
    }
    text
}

fn shown(word: &str, case: &Case) -> String {
    let mut text = format!("  {word:<12}  {}\n", case.packet);
    let mut line = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            text += &format!("    {key:<18} {value}\n");
        }
    };
    line("when", &case.when);
    line("translated to", &case.translated_to);
    line("receiver sees", &case.seen_as);
    line("leaves by", &case.leaves_by);
    for reason in &case.because {
        text += &format!("    {:<18} {}\n", reason.place.as_deref().unwrap_or("(built in)"), reason.text);
        if reason.effect != "allows it" && reason.effect != "holds it back" {
            text += &format!("    {:<18}   {}\n", "", reason.effect);
        }
    }
    text
}
