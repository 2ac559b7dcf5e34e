//! Configuration from defaults, a file and the environment, with every problem reported at once.
//!
//! A service reads its settings one by one through [`Settings`]; each reading names the setting, says what it is for
//! and gives the default, so the code is the documentation: `config` and docs/configuration.md are made from it.
//!
//! Precedence, strongest first: `NAME` in the environment, the file that `NAME_FILE` points to (for secrets), the
//! configuration file, the default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

/// A setting that was read: its name, meaning and value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name in the environment; the file uses the same name in any case.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The default, where there is one.
    pub default: Option<String>,
    /// The value in force; `None` for a secret, which is never shown, and for what is not set.
    pub value: Option<String>,
    /// Whether the value is secret.
    pub secret: bool,
}

/// What is wrong with the configuration, all of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the configuration has {} problem(s):\n{}", .0.len(), .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<String>);

/// Reads settings and collects what is wrong with them.
#[derive(Clone, Default)]
pub struct Settings {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    used: BTreeSet<String>,
    read: Vec<Setting>,
    problems: Vec<String>,
}

impl std::fmt::Debug for Settings {
    /// Leaves values out: the environment has secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("read", &self.read)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Takes the environment of the process and, if given, a TOML file of `name = value` lines.
    pub fn load(file: Option<&Path>) -> Self {
        let mut settings = Self { environment: std::env::vars().collect(), ..Self::default() };
        if let Some(path) = file {
            settings.read_file(path);
        }
        settings
    }

    /// Takes the given pairs in place of the environment; for tests and for a process that holds several services.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let environment = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { environment, ..Self::default() }
    }

    /// Puts a value where the environment and the file say nothing, in front of the default of the code.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        if !self.is_set(name) {
            self.environment.insert(name.to_owned(), value.into());
        }
    }

    /// Replaces whatever was configured.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.remove(&format!("{name}_FILE"));
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Whether the environment or the file says something about `name`.
    pub fn is_set(&self, name: &str) -> bool {
        let given = |key: &str| self.environment.get(key).is_some_and(|value| !value.is_empty());
        given(name) || given(&format!("{name}_FILE")) || self.file.contains_key(name)
    }

    /// Reads a setting that has a default.
    pub fn value<T>(&mut self, name: &'static str, description: &'static str, default: &str) -> T
    where
        T: FromStr,
        T::Err: Display,
    {
        let configured = self.lookup(name);
        self.note(name, description, Some(default), configured.as_deref().or(Some(default)), false);
        if let Some(text) = configured {
            match text.parse() {
                Ok(value) => return value,
                Err(error) => self.problems.push(format!("{name}: {text:?} does not fit: {error}")),
            }
        }
        match default.parse() {
            Ok(value) => value,
            Err(error) => unreachable!("the default of {name} does not parse: {error}"),
        }
    }

    /// Reads a setting that may be left out.
    pub fn optional<T>(&mut self, name: &'static str, description: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let configured = self.lookup(name);
        self.note(name, description, None, configured.as_deref(), false);
        let text = configured?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {text:?} does not fit: {error}"));
                None
            }
        }
    }

    /// Reads a secret that must be there. Answers an empty one where it is missing; [`Settings::finish`] then fails.
    pub fn secret(&mut self, name: &'static str, description: &'static str) -> SecretString {
        self.optional_secret(name, description).unwrap_or_else(|| {
            self.problems.push(format!("{name} is required: {description} Set {name} or {name}_FILE."));
            SecretString::from("")
        })
    }

    /// Reads a secret that may be left out.
    pub fn optional_secret(&mut self, name: &'static str, description: &'static str) -> Option<SecretString> {
        let configured = self.lookup(name);
        self.note(name, description, None, None, true);
        configured.map(SecretString::from)
    }

    /// Reads a secret and parses it; the problem text says nothing of its value.
    pub fn parsed_secret<T>(
        &mut self,
        name: &'static str,
        description: &'static str,
        parse: impl FnOnce(&SecretString) -> Result<T, String>,
    ) -> Option<T> {
        let secret = self.secret(name, description);
        if secret.expose_secret().is_empty() {
            return None;
        }
        match parse(&secret) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.problems.push(format!("{name} does not fit: {reason}"));
                None
            }
        }
    }

    /// Adds a problem that involves more than one setting.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// Answers what was read, or everything that is wrong with it.
    pub fn finish(mut self) -> Result<Vec<Setting>, Problems> {
        for name in self.file.keys() {
            if !self.used.contains(name) {
                self.problems
                    .push(format!("{name} in the configuration file is not a setting of this service"));
            }
        }
        if self.problems.is_empty() { Ok(self.read) } else { Err(Problems(self.problems)) }
    }

    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(format!("cannot read the configuration file {}: {error}", path.display()));
                return;
            }
        };
        match text.parse::<toml::Table>() {
            Ok(table) => {
                for (name, value) in table {
                    let text = match value {
                        toml::Value::String(text) => text,
                        other => other.to_string(),
                    };
                    self.file.insert(name.to_uppercase(), text);
                }
            }
            Err(error) => {
                self.problems.push(format!("{} is not valid TOML: {}", path.display(), error.message()));
            }
        }
    }

    fn lookup(&mut self, name: &str) -> Option<String> {
        self.used.insert(name.to_owned());
        let given = |key: &str| self.environment.get(key).filter(|value| !value.is_empty()).cloned();
        if let Some(value) = given(name) {
            return Some(value);
        }
        if let Some(path) = given(&format!("{name}_FILE")).map(PathBuf::from) {
            match std::fs::read_to_string(&path) {
                Ok(text) => return Some(text.trim_end_matches(['\r', '\n']).to_owned()),
                Err(error) => {
                    self.problems.push(format!("{name}_FILE: cannot read {}: {error}", path.display()));
                }
            }
        }
        self.file.get(name).cloned()
    }

    fn note(
        &mut self,
        name: &'static str,
        description: &'static str,
        default: Option<&str>,
        value: Option<&str>,
        secret: bool,
    ) {
        if self.read.iter().all(|setting| setting.name != name) {
            let own = |text: Option<&str>| text.map(str::to_owned);
            self.read.push(Setting { name, description, default: own(default), value: own(value), secret });
        }
    }
}

#[cfg(test)]
mod tests;
