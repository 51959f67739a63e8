//! The pictures of a policy's reachability. Read the snapshots as somebody who has to judge the network by them.

#[path = "support/settings.rs"]
mod settings;

use std::{collections::BTreeSet, fs};

use hedgerow::{
    compile,
    reach::{Graph, Kind, NodeKind, graph, graph_notes},
    report,
    world::Memory,
};
use petgraph::visit::EdgeRef;

const LARGE: &str = include_str!("data/large-household.hedge");

const ROUTER: &str = "use std.services\nrouter edge { target nftables }\n\
    zone wan { role internet; interface eth0; address 203.0.113.2; uplink public; delegated 2001:db8:9::/56 }\n";

/// The graph and the notes of a policy.
fn drawn(text: &str) -> (Graph, Vec<String>) {
    let mut checked = compile::check("main.hedge", text, &world());
    let Some(meant) = checked.meant.as_mut() else { panic!("{:#?}", checked.diagnostics) };
    let graph = graph(&checked.network, &checked.sources, meant);
    (graph, graph_notes(&checked.network))
}

/// Every edge in one line.
fn told(text: &str) -> Vec<String> {
    let (graph, _) = drawn(text);
    let mut lines: Vec<String> = graph
        .edge_references()
        .map(|edge| {
            let (from, to, edge) = (&graph[edge.source()].name, &graph[edge.target()].name, edge.weight());
            let mut line = format!("{from} -> {to} {:?}", edge.kind);
            for (family, words) in [("4", &edge.ipv4), ("6", &edge.ipv6)] {
                if !words.is_empty() {
                    line += &format!(" {family}: {}", words.join(", "));
                }
            }
            for more in edge.public.iter().chain(&edge.scope).chain(&edge.conditions) {
                line += &format!("; {more}");
            }
            line
        })
        .collect();
    lines.sort();
    lines
}

fn example(name: &str) -> (Graph, Vec<String>) {
    drawn(&fs::read_to_string(format!("examples/{name}/main.hedge")).unwrap())
}

fn examples() -> Vec<String> {
    let households = fs::read_dir("examples").unwrap().map(|entry| entry.unwrap());
    let households = households.filter(|entry| entry.path().join("main.hedge").exists());
    let mut names: Vec<String> = households.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_examples_in_three_formats() {
    for name in ["cgnat-tunnel", "direct-tls", "lan-only"] {
        let (graph, notes) = example(name);
        insta::assert_snapshot!(format!("{name}.dot"), report::dot(&graph, name, &notes));
        insta::assert_snapshot!(format!("{name}.mermaid"), report::mermaid(&graph, name, &notes));
        insta::assert_snapshot!(format!("{name}.json"), report::json(&graph, &notes));
    }
}

#[test]
fn every_picture_is_well_formed_and_whole() {
    let mut graphs: Vec<(Graph, Vec<String>)> = examples().iter().map(|name| example(name)).collect();
    graphs.push(drawn(LARGE));
    for (graph, notes) in graphs {
        let svg = report::svg(&graph, "a picture", &notes);
        let parsed = roxmltree::Document::parse(&svg).unwrap();
        let texts: BTreeSet<&str> = parsed.descendants().filter_map(|node| node.text()).collect();
        for node in graph.node_weights() {
            assert!(texts.contains(node.name.as_str()), "{} is missing", node.name);
        }
        let of = |class: &str| parsed.descendants().filter(|node| node.attribute("class") == Some(class)).count();
        let count = |kinds: &[NodeKind]| graph.node_weights().filter(|node| kinds.contains(&node.kind)).count();
        assert_eq!(of("zone"), count(&[NodeKind::Zone]));
        assert_eq!(of("bar"), count(&[NodeKind::Internet, NodeKind::Router]));
        assert_eq!(of("host"), count(&[NodeKind::Host]));
        let lines: BTreeSet<_> = graph
            .edge_references()
            .filter(|edge| edge.weight().kind != Kind::SameZone)
            .map(|edge| (edge.source(), edge.target()))
            .collect();
        assert_eq!(of("edge"), lines.len());
        assert_eq!(of("label"), lines.len());
        assert_eq!(svg, report::svg(&graph, "a picture", &notes));
    }
}

/// No label covers another, and none is cut off.
#[test]
fn labels_stand_apart() {
    for text in [LARGE.to_owned(), fs::read_to_string("examples/cgnat-tunnel/main.hedge").unwrap()] {
        let (graph, notes) = drawn(&text);
        let svg = report::svg(&graph, "a picture", &notes);
        let parsed = roxmltree::Document::parse(&svg).unwrap();
        let number = |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<i32>().unwrap();
        let width = number(parsed.root_element(), "width");
        let boxes: Vec<[i32; 4]> = parsed
            .descendants()
            .filter(|node| node.attribute("class") == Some("label"))
            .filter_map(|label| label.children().find(|child| child.has_tag_name("rect")))
            .map(|rect| ["x", "y", "width", "height"].map(|name| number(rect, name)))
            .collect();
        for (index, [x, y, w, h]) in boxes.iter().enumerate() {
            assert!(*x >= 0 && x + w <= width);
            for [a, b, c, d] in &boxes[index + 1..] {
                assert!(x + w <= *a || a + c <= *x || y + h <= *b || b + d <= *y, "two labels at {x} {y}");
            }
        }
    }
}

#[test]
fn what_is_denied_is_taken_away_exactly() {
    let text = format!(
        "{ROUTER}zone a {{ role trusted; interface a; network 10.0.1.0/24 }}\n\
         zone b {{ role server; interface b; network 10.0.2.0/24 }}\n\
         host one {{ zone a; address 10.0.1.5 }}\nhost two {{ zone b; address 10.0.2.5 }}\n\
         allow a -> b : ssh, http\ndeny one -> b : ssh\ndeny a -> two\nallow one -> two : https\nallow b -> internet\ndeny b -> internet\n"
    );
    assert_eq!(
        told(&text),
        [
            "a -> a SameZone 4: unfiltered 6: unfiltered",
            "a -> b Rule 4: http, ssh; from all but one; to all but two",
            "b -> b SameZone 4: unfiltered 6: unfiltered",
            "one -> b Rule 4: http; to all but two",
        ]
    );
}

#[test]
fn exposures_tunnels_legs_and_conditions() {
    let text = format!(
        "{ROUTER}zone a {{ role trusted; interface a; network 10.0.1.0/24, delegated 1; isolated }}\n\
         zone b {{ role server; interface b; network 10.0.2.0/24 }}\n\
         zone v {{ role vpn; interface wg0; network 10.0.9.0/24 }}\n\
         host web {{ zone a; address 10.0.1.5; suffix ::5 }}\nhost both {{ zone a, b; address 10.0.1.6, 10.0.2.6 }}\n\
         schedule day = mon-fri 08:00-18:00\n\
         allow b -> web : ssh {{ during day }}\nallow b -> web : http {{ limit 3/minute }}\n\
         expose web : https {{ port 8443 }}\nexpose both : http {{ tunnel web }}\n\
         vpn v {{ kind wireguard; listen udp 51820; server router }}\n"
    );
    insta::assert_snapshot!(told(&text).join("\n"));
}

/// Names that would end a string, a tag or a comment, were they not escaped.
#[test]
fn hostile_names_stay_inside() {
    let (mut graph, _) = example("direct-tls");
    let bad = "\"]; x -> y [a=\"\n%%{init: {}}%%<script>alert(1)</script>'&amp;\\]]>\u{1}`#quot;";
    for node in graph.node_weights_mut() {
        // A host is found by the names of its zones.
        for zone in &mut node.zones {
            *zone = format!("{bad}{zone}");
        }
        node.name = format!("{bad}{}", node.name);
    }
    for edge in graph.edge_weights_mut() {
        edge.ipv4 = vec![bad.to_owned()];
        edge.places = vec![bad.to_owned()];
    }
    let notes = [bad.to_owned()];
    let svg = report::svg(&graph, bad, &notes);
    let parsed = roxmltree::Document::parse(&svg).unwrap();
    let known = ["svg", "title", "defs", "marker", "path", "rect", "text", "g"];
    assert!(
        parsed.descendants().filter(roxmltree::Node::is_element).all(|node| known.contains(&node.tag_name().name()))
    );
    let plain = report::dot(&graph, bad, &notes);
    for line in plain.lines() {
        // Every quote is opened and closed on its line, and nothing stands outside that the writer did not write.
        let mut outside = String::new();
        let (mut quoted, mut escaped) = (false, false);
        for letter in line.chars() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                letter if !quoted => outside.push(letter),
                _ => {}
            }
        }
        assert!(!quoted && !outside.contains("script") && !outside.contains("x -> y"), "{line}");
    }
    let mermaid = report::mermaid(&graph, bad, &notes);
    assert!(!mermaid.contains("<script") && !mermaid.contains("{init"));
    for line in mermaid.lines().skip_while(|line| line.trim_start().starts_with("%%") || line.starts_with("flowchart"))
    {
        assert!(line.matches('"').count() % 2 == 0 && line.matches('"').count() <= 2, "{line}");
    }
    assert!(serde_json::from_str::<serde_json::Value>(&report::json(&graph, &notes)).is_ok());
}

fn world() -> Memory {
    Memory { files: settings::settings(), ..Memory::default() }
}

#[test]
fn a_list_of_ranges_is_called_by_its_name() {
    let text = format!(
        "{ROUTER}use std.ranges\nranges partners = 198.51.100.0/24, 192.0.2.128/25\n\
         zone lan {{ role server; interface eth1; network 10.0.0.0/24 }}\n\
         host web {{ zone lan; address 10.0.0.5 }}\nhost ftp {{ zone lan; address 10.0.0.6 }}\n\
         expose web : https {{ from cloudflare-v4; ipv6 off }}\nexpose ftp : ssh {{ from partners; port 2222 }}\n"
    );
    let lines: Vec<String> = told(&text).into_iter().filter(|line| line.starts_with("wan")).collect();
    assert_eq!(
        lines,
        ["wan -> ftp Exposure 4: ssh; tcp 2222; from partners", "wan -> web Exposure 4: https; from cloudflare-v4"]
    );
}
