//! Configuration from defaults, a file and the environment, with every problem reported at once.
//!
//! A service reads its settings one by one through [`Settings`]; each reading names the setting, says what it is for
//! and gives the default, so the code is the documentation: `config` and docs/configuration.md are made from it.
//!
//! Precedence, strongest first: `NAME` in the environment, the file that `NAME_FILE` points to (for secrets), the
//! configuration file, the default.

mod aliases;
mod number;
mod setting;
mod web_url;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

pub use self::aliases::{OldName, old_names};
pub use self::number::Range;
use self::setting::without_password;
pub use self::setting::{Setting, Source};
pub use self::web_url::{WebUrl, WebUrlError};

/// What is wrong with the configuration, all of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the configuration has {} problem(s):\n{}", .0.len(), .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<String>);

/// Reads settings and collects what is wrong with them.
#[derive(Clone, Default)]
pub struct Settings {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    file_path: PathBuf,
    used: BTreeSet<String>,
    old_names: Vec<OldName>,
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
        settings.accept_old_names();
        settings
    }

    /// Takes the given pairs in place of the environment; for tests and for a process that holds several services.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let environment = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut settings = Self { environment, ..Self::default() };
        settings.accept_old_names();
        settings
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
        let (configured, source) = self.lookup(name).unzip();
        let value = configured.as_deref().unwrap_or(default).to_owned();
        let source = source.unwrap_or(Source::Default);
        self.note(name, description, Some(default), Some(value), source);
        if let Some(text) = configured {
            match text.parse() {
                Ok(value) => return value,
                Err(error) => self.unfit(name, &text, &error),
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
        let (configured, source) = self.lookup(name).unzip();
        self.note(name, description, None, configured.clone(), source.unwrap_or(Source::Unset));
        let text = configured?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.unfit(name, &text, &error);
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
        let (configured, source) = self.lookup(name).unzip();
        self.note_secret(name, description, source.unwrap_or(Source::Unset));
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
    pub fn finish(self) -> Result<Vec<Setting>, Problems> {
        let (read, problems) = self.report();
        problems.map_or(Ok(read), Err)
    }

    /// The same for who reads only some settings: what else the configuration file holds is for others.
    pub fn finish_part(self) -> Result<Vec<Setting>, Problems> {
        if self.problems.is_empty() { Ok(self.read) } else { Err(Problems(self.problems)) }
    }

    /// Answers what was read and everything that is wrong with it.
    pub fn report(mut self) -> (Vec<Setting>, Option<Problems>) {
        for name in self.file.keys() {
            if !self.used.contains(name) {
                self.problems
                    .push(format!("{name} in the configuration file is not a setting of this service"));
            }
        }
        let problems = (!self.problems.is_empty()).then_some(Problems(self.problems));
        (self.read, problems)
    }

    fn read_file(&mut self, path: &Path) {
        path.clone_into(&mut self.file_path);
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

    fn lookup(&mut self, name: &str) -> Option<(String, Source)> {
        self.used.insert(name.to_owned());
        let given = |key: &str| self.environment.get(key).filter(|value| !value.is_empty()).cloned();
        if let Some(value) = given(name) {
            return Some((value, Source::Environment));
        }
        if let Some(path) = given(&format!("{name}_FILE")).map(PathBuf::from) {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    return Some((text.trim_end_matches(['\r', '\n']).to_owned(), Source::NamedFile(path)));
                }
                Err(error) => {
                    self.problems.push(format!("{name}_FILE: cannot read {}: {error}", path.display()));
                }
            }
        }
        self.file.get(name).map(|value| (value.clone(), Source::ConfigFile(self.file_path.clone())))
    }

    fn unfit(&mut self, name: &str, text: &str, error: &dyn Display) {
        self.problems.push(format!("{name}: {:?} does not fit: {error}", without_password(text)));
    }

    fn note(
        &mut self,
        name: &'static str,
        description: &'static str,
        default: Option<&str>,
        value: Option<String>,
        source: Source,
    ) {
        let default = default.map(str::to_owned);
        let value = value.map(|value| without_password(&value));
        self.remember(Setting { name, description, default, range: None, value, source, secret: false });
    }

    fn note_secret(&mut self, name: &'static str, description: &'static str, source: Source) {
        self.remember(Setting {
            name,
            description,
            default: None,
            range: None,
            value: None,
            source,
            secret: true,
        });
    }

    /// Several readers of a setting make one entry.
    fn remember(&mut self, setting: Setting) {
        if self.read.iter().all(|known| known.name != setting.name) {
            self.read.push(setting);
        }
    }
}

#[cfg(test)]
mod tests;
