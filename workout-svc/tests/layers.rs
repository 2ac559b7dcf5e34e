//! The order inside the services, model ← store ← use cases ← grpc: a module imports from its own layer and from those
//! below it, and inside a layer nothing goes in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of a service by layers, the lowest first.
struct Layers {
    service: &'static str,
    layers: &'static [&'static [&'static str]],
}

const SERVICES: [Layers; 3] = [
    Layers {
        service: "user-svc",
        layers: &[
            // Model.
            &[
                "client",
                "email_address",
                "file",
                "one_time_code",
                "opaque_token",
                "password",
                "profile",
                "rate_limit",
                "row_limits",
                "session",
                "tokens",
                "user",
            ],
            &["store"],
            // Use cases.
            &["accounts", "ended_sessions", "files"],
            &["events", "grpc"],
            WIRING,
        ],
    },
    Layers {
        service: "workout-svc",
        layers: &[
            &["catalogue", "language", "limits", "model", "text"],
            &["store"],
            &["planner"],
            // Use cases.
            &[
                "athletes",
                "clockwork",
                "coaching",
                "exercises",
                "progress",
                "reminders",
                "routines",
                "training",
                "weekly",
                "workouts",
            ],
            &["events", "grpc"],
            WIRING,
        ],
    },
    Layers {
        service: "notify-svc",
        layers: &[
            // Model, and the protocol.
            &[
                "notification",
                "preferences",
                "quiet_hours",
                "schedule",
                "secrets",
                "smtp",
                "unsubscribe_token",
            ],
            &["ledger"],
            // Use cases.
            &["access", "dead_letters", "delivery", "metrics", "notifications", "render"],
            &["events", "grpc"],
            WIRING,
        ],
    },
];

/// What puts a service together; the names at the root of the crate belong to it as well.
const WIRING: &[&str] = &["app", "config", "lib", "main", "process"];

#[test]
fn a_module_imports_from_its_layer_and_those_below() {
    let mut faults = Vec::new();
    for Layers { service, layers } in SERVICES {
        let place = |module: &str| layers.iter().position(|layer| layer.contains(&module));
        for (importer, imported) in imports(service) {
            match (place(&importer), place(&imported)) {
                (Some(above), Some(below)) if above >= below => {}
                (Some(_), Some(_)) => faults.push(format!("{service}: {importer} imports {imported}")),
                _ => faults.push(format!("{service}: {importer} or {imported} stands in no layer")),
            }
        }
    }
    assert!(faults.is_empty(), "against the order:\n{}", faults.join("\n"));
}

#[test]
fn nothing_goes_in_circles() {
    for Layers { service, .. } in SERVICES {
        let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (importer, imported) in imports(service) {
            left.entry(importer).or_default().insert(imported);
        }
        loop {
            let free: Vec<_> =
                left.iter().filter(|(_, to)| to.iter().all(|to| !left.contains_key(to))).collect();
            let free: Vec<_> = free.into_iter().map(|(module, _)| module.clone()).collect();
            if free.is_empty() {
                break;
            }
            left.retain(|module, _| !free.contains(module));
        }
        assert!(left.is_empty(), "{service} has a circle among {left:?}");
    }
}

/// Pairs of top-level modules of which the first imports the second.
fn imports(service: &str) -> BTreeSet<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(service).join("src");
    let mut found = BTreeSet::new();
    for file in sources(&root) {
        let place = file.strip_prefix(&root).expect("it was found there");
        let first = place.iter().next().expect("a file has a name").to_string_lossy();
        let importer = first.trim_end_matches(".rs");
        let text = std::fs::read_to_string(&file).expect("sources can be read");
        let depth = place.iter().count();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // A path that climbs to the root would not be seen below.
            let climbs = line.starts_with("use ") && line.matches("super::").count() >= depth;
            assert!(!climbs, "{}: write it from `crate`: {line}", file.display());
        }
        for imported in from_crate(&text).filter(|imported| *imported != importer) {
            found.insert((importer.to_owned(), imported.to_owned()));
        }
    }
    assert!(found.len() > 10, "{service} cannot have so few imports");
    found
}

/// The modules that stand behind `crate::` in a source; what is no module counts as `lib`, where it stands. The service's
/// name is everybody's.
fn from_crate(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let starts = code.flat_map(move |line| line.match_indices("crate::").map(move |(at, _)| (line, at)));
    let paths = starts.filter(|(line, at)| !line[..*at].ends_with('$')).flat_map(move |(line, at)| {
        let path = &line[at + "crate::".len()..];
        let from = path.as_ptr() as usize - text.as_ptr() as usize;
        heads(&text[from..])
    });
    paths
        .filter(|name| *name != "NAME")
        .map(|name| if name.starts_with(|first: char| first.is_ascii_uppercase()) { "lib" } else { name })
}

/// The first names of a path or of each path of a group in braces.
fn heads(path: &str) -> Vec<&str> {
    let name =
        |text: &'_ str| text.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(text.len());
    let Some(group) = path.strip_prefix('{') else { return vec![&path[..name(path)]] };
    let (mut depth, mut start, mut heads) = (0, 0, Vec::new());
    for (at, sign) in group.char_indices() {
        let ends = depth == 0 && (sign == ',' || sign == '}');
        if ends {
            let item = group[start..at].trim_start();
            heads.push(&item[..name(item)]);
            start = at + 1;
        }
        match sign {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

#[test]
fn imports_are_read_as_rust_reads_them() {
    let read = |text| from_crate(text).collect::<Vec<_>>();
    assert_eq!(read("use crate::store::{athletes, roles};\n    crate::text::line(x)"), ["store", "text"]);
    assert_eq!(read("use crate::{App, config::{a, b},\n    events};"), ["lib", "config", "events"]);
    assert_eq!(read("// see crate::progress\nconst A: &str = crate::NAME; $crate::catalogue::Word"), [""; 0]);
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}
