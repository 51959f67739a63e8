//! Every policy that `hedgerow init` can begin passes its checks, is laid out, compiles for its router, and is proven.

use std::{collections::BTreeMap, fs, process::Command};

use hedgerow::{
    compile,
    diagnostic::{Human, Severity},
    init::{self, Answers, Mode, ROUTERS, ZONES},
    syntax::format,
    target::Target,
    world::Memory,
};

fn one(answers: &Answers) -> Result<(), String> {
    let text = format(&init::policy(answers)).ok_or("cannot be laid out")?;
    if format(&text).as_ref() != Some(&text) {
        return Err("laid out twice it is another".to_owned());
    }
    let world = Memory { files: BTreeMap::new(), date: jiff::civil::date(2026, 11, 23) };
    let mut checked = compile::check("main.hedge", &text, &world);
    let said = |checked: &compile::Checked, found: &[hedgerow::diagnostic::Diagnostic]| {
        let human = Human::new(&checked.sources, false);
        found.iter().map(|found| human.render(found) + "\n\n").collect::<String>()
    };
    let found: Vec<_> = checked.diagnostics.iter().filter(|found| found.severity != Severity::Note).cloned().collect();
    if !found.is_empty() {
        return Err(said(&checked, &found));
    }
    let target = Target::named(&answers.router).unwrap();
    compile::render(&mut checked, "main.hedge", target, &[]).map_err(|errors| said(&checked, &errors))?;
    compile::companions(&checked).map_err(|errors| said(&checked, &errors))?;
    Ok(())
}

#[test]
fn every_combination_is_clean_and_compiles() {
    let (mut failures, mut tried) = (String::new(), 0);
    for router in ROUTERS {
        for (mode, name, _) in Mode::ALL {
            for chosen in 0..1 << ZONES.len() {
                let zones: Vec<String> =
                    (0..ZONES.len()).filter(|at| chosen >> at & 1 == 1).map(|at| ZONES[at].to_owned()).collect();
                let uplink = if router == "pfsense" { "wan" } else { "eth0" };
                let inside = if router == "openwrt" { "br-lan" } else { "eth1" };
                let answers = Answers {
                    router: router.to_owned(),
                    uplink: uplink.to_owned(),
                    inside: inside.to_owned(),
                    zones: zones.clone(),
                    mode,
                    name: "ha.example.org".to_owned(),
                };
                if answers.conflict().is_some() {
                    continue;
                }
                tried += 1;
                if let Err(why) = one(&answers) {
                    failures += &format!("==== {router}, {name}, {zones:?}\n{why}\n");
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert_eq!(tried, 3 * 15 * 8 + 12);
}

#[test]
fn nothing_is_overwritten_unless_asked() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("init");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .current_dir(&folder)
            .arg("init")
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(&["--router", "openwrt", "--mode", "wireguard", "--zones", "iot,guest"]).0, Some(0));
    let first = fs::read_to_string(folder.join("main.hedge")).unwrap();
    assert!(first.contains("kind   wireguard") || first.contains("kind wireguard"), "{first}");
    let (code, said) = run(&[]);
    assert_eq!((code, said.contains("is there already")), (Some(2), true), "{said}");
    assert_eq!(fs::read_to_string(folder.join("main.hedge")).unwrap(), first);
    assert_eq!(run(&["--force"]).0, Some(0));
    assert_ne!(fs::read_to_string(folder.join("main.hedge")).unwrap(), first);
    for wrong in [
        &["a.hedge", "--mode", "forward"][..],
        &["a.hedge", "--router", "cisco"],
        &["a.hedge", "--zones", "attic"],
        &["a.hedge", "--uplink", "eth0 }"],
        &["a.hedge", "--router", "port-forward", "--mode", "ipv6"],
    ] {
        let (code, said) = run(wrong);
        assert_eq!((code, folder.join("a.hedge").exists()), (Some(2), false), "{wrong:?}: {said}");
    }
}
