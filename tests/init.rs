//! Every policy that `hedgerow init` can begin passes its checks, is laid out, compiles for its router, and is proven.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use hedgerow::{
    compile,
    diagnostic::{Human, Severity},
    init::{self, Answers, ROUTERS, WAYS, ZONES},
    syntax::format,
    target::Target,
    world::Memory,
};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

fn one(answers: &Answers) -> Result<(), String> {
    let text = format(&init::policy(answers).map_err(|error| error.to_string())?).ok_or("cannot be laid out")?;
    if format(&text).as_ref() != Some(&text) {
        return Err("laid out twice it is another".to_owned());
    }
    let world = Memory { files: BTreeMap::new(), date: TODAY };
    let mut checked = compile::check("main.hedge", &text, &world);
    let said = |checked: &compile::Checked, found: &[hedgerow::diagnostic::Diagnostic]| {
        let human = Human::new(&checked.sources, false);
        found.iter().map(|found| human.render(found) + "\n\n").collect::<String>()
    };
    let found: Vec<_> = checked.diagnostics.iter().filter(|found| found.severity != Severity::Note).cloned().collect();
    if !found.is_empty() {
        return Err(said(&checked, &found));
    }
    for router in &answers.routers {
        let target = Target::named(router).unwrap();
        compile::render(&mut checked, "main.hedge", target, &[]).map_err(|errors| said(&checked, &errors))?;
    }
    compile::companions(&checked, &[]).map_err(|errors| said(&checked, &errors))?;
    Ok(())
}

#[test]
fn every_combination_is_clean_and_compiles() {
    let (mut failures, mut tried) = (String::new(), 0);
    for router in ROUTERS {
        for way in &WAYS {
            for chosen in 0..1 << ZONES.len() {
                let zones: Vec<String> =
                    (0..ZONES.len()).filter(|at| chosen >> at & 1 == 1).map(|at| ZONES[at].to_owned()).collect();
                let answers = Answers {
                    routers: vec![router.to_owned()],
                    uplink: "eth0".to_owned(),
                    inside: if router == "openwrt" { "br-lan" } else { "eth1" }.to_owned(),
                    zones: zones.clone(),
                    way,
                    name: "ha.example.org".to_owned(),
                    today: TODAY,
                };
                if answers.conflict().is_some() {
                    continue;
                }
                tried += 1;
                if let Err(why) = one(&answers) {
                    failures += &format!("==== {router}, {}, {zones:?}\n{why}\n", way.name);
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    let on_forwards = WAYS.iter().filter(|way| way.by_forwards).count();
    assert_eq!(tried, 3 * 8 * WAYS.len() + on_forwards);
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn nothing_is_overwritten_unless_asked() {
    let folder = folder("init");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .current_dir(&folder)
            .arg("init")
            .args(arguments)
            .stdin(Stdio::null())
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

#[test]
fn the_ways_are_listed() {
    let output = Command::new(env!("CARGO_BIN_EXE_hedgerow")).args(["init", "--mode", "help"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

/// A dialogue on a terminal, which `script` (bsdutils) makes: what is printed is waited for, then keys are pressed.
/// How it ended, and what it said.
fn dialogue(folder: &Path, steps: &[(&str, &str)]) -> (Option<i32>, String) {
    let program = format!("{} init", env!("CARGO_BIN_EXE_hedgerow"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &program, "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, printed) = std::sync::mpsc::channel();
    let mut output = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        let mut some = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut some) {
            if sender.send(some[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut keys = child.stdin.take().unwrap();
    let (mut bytes, mut seen) = (Vec::new(), 0);
    let began = Instant::now();
    for (prompt, answer) in steps {
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some(at) = text.get(seen..).and_then(|rest| rest.find(prompt)) {
                seen += at + prompt.len();
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "`{prompt}` is not asked:\n{text}");
            if let Ok(more) = printed.recv_timeout(Duration::from_millis(200)) {
                bytes.extend(more);
            }
        }
        // The prompt is there before the terminal is listened to key by key.
        std::thread::sleep(Duration::from_millis(300));
        keys.write_all(answer.as_bytes()).unwrap();
    }
    let status = child.wait().unwrap();
    bytes.extend(printed.iter().flatten());
    (status.code(), String::from_utf8_lossy(&bytes).into_owned())
}

/// Ctrl-C ends it, at a list and at a line: nothing is written, and the cursor that a list hides is there again.
#[test]
fn ctrl_c_leaves_nothing_behind() {
    if Command::new("script").arg("--version").output().is_err() {
        assert!(std::env::var("CI").is_err(), "`script` makes the terminal");
        return;
    }

    let list: &[(&str, &str)] = &[("Which router?", CTRL_C)];
    let line: &[(&str, &str)] = &[
        ("Which router?", "\r"),
        ("How shall Home Assistant be reached", "\r"),
        ("Which zones", "\r"),
        ("Interface of the uplink", CTRL_C),
    ];
    for (name, steps) in [("init-stops-at-a-list", list), ("init-stops-at-a-line", line)] {
        let folder = folder(name);
        let (status, said) = dialogue(&folder, steps);
        assert_eq!(status, Some(130), "{said}");
        assert!(said.contains("interrupted; nothing is written"), "{said}");
        assert!(said.rfind("\u{1b}[?25h") > said.rfind("\u{1b}[?25l"), "the cursor stays hidden: {said:?}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "{said}");
    }
}

const CTRL_C: &str = "\u{3}";
const DOWN: &str = "\u{1b}[B";

#[test]
fn on_a_terminal_it_asks() {
    if Command::new("script").arg("--version").output().is_err() {
        assert!(std::env::var("CI").is_err(), "`script` makes the terminal");
        return;
    }
    let folder = folder("init-asks");
    let (status, said) = dialogue(
        &folder,
        &[
            ("Which router?", &format!("{DOWN}\r")),
            ("How shall Home Assistant be reached", &format!("{}\r", DOWN.repeat(9))),
            ("Which zones", &format!(" {DOWN}{DOWN} \r")),
            ("Interface of the uplink", "pppoe-wan\r"),
            ("Interface that the VLANs are on", "\r"),
            ("Public name", "home.example.net\r"),
        ],
    );
    assert_eq!(status, Some(0), "{said}");
    let asked = fs::read_to_string(folder.join("main.hedge")).unwrap_or_else(|error| panic!("{error}\n{said}"));
    // The same as if all had been said by flags.
    let flags =
        "init flags.hedge --router openwrt --mode proxy --zones iot,guest --uplink pppoe-wan --name home.example.net";
    let output =
        Command::new(env!("CARGO_BIN_EXE_hedgerow")).current_dir(&folder).args(flags.split(' ')).output().unwrap();
    assert!(output.status.success());
    assert_eq!(asked, fs::read_to_string(folder.join("flags.hedge")).unwrap(), "{said}");
}

/// What a router cannot do is not asked: neither zones nor names of interfaces, nor a name that nothing has.
#[test]
fn it_asks_no_more_than_it_needs() {
    if Command::new("script").arg("--version").output().is_err() {
        assert!(std::env::var("CI").is_err(), "`script` makes the terminal");
        return;
    }
    let folder = folder("init-asks-little");
    let (status, said) = dialogue(
        &folder,
        &[
            ("Which router?", &format!("{DOWN}{DOWN}\r")),
            ("How shall Home Assistant be reached", "\r"),
            ("Which zones", "\r"),
        ],
    );
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("Interface of") && !said.contains("Public name"), "{said}");
    assert!(fs::read_to_string(folder.join("main.hedge")).unwrap().contains("interface wan"), "{said}");
}
