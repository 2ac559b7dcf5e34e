//! The command line that every service has.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version)]
pub(super) struct Arguments {
    /// A TOML file with settings; the environment goes before it.
    #[arg(long, env = "FITNESS_CONFIG", value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the service until SIGTERM or Ctrl-C, then drain [what happens when no command is named]
    Serve,
    /// Bring the tables up to date and exit
    ///
    /// Reads `DATABASE_URL` and no other secret. Safe to repeat and to run twice at the same time: the second
    /// one waits for the first.
    Migrate(Patience),
    /// Create the Kafka topics that do not exist yet and exit
    ///
    /// Reads the KAFKA_ settings. Topics that exist are left as they are.
    Topics(Patience),
    /// Ask the service that runs on this machine whether it is ready; exit with 0 or 1
    ///
    /// For containers without a shell. Answers within three seconds, and names what the service waits for.
    Healthcheck {
        /// Ask whether it is alive, whatever it waits for
        #[arg(long)]
        live: bool,
    },
    /// Print every setting, its value in force and where that comes from; exit with 1 if something is wrong
    ///
    /// Secrets are shown as `set` or `not set`.
    Config,
}

/// How long a job waits for its server.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Patience {
    /// How long to wait for the server before giving up
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

impl Patience {
    pub(super) fn duration(self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

impl Arguments {
    /// Takes the arguments of the process; ends it where they make no sense or ask for help.
    pub(super) fn of(service: &'static str, about: &'static str) -> Self {
        let command = Self::command().name(service).about(about).after_help(examples(service));
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

fn examples(service: &str) -> String {
    format!(
        "Examples, in the order of a first start:\n  \
         {service} config        see what is in force and what is missing\n  \
         {service} migrate       once for each release, before the service starts\n  \
         {service} topics        once, as somebody who may create topics\n  \
         {service}               run it\n  \
         {service} healthcheck   is it ready?\n\n\
         Settings come from the environment, from the file that NAME_FILE names (for secrets) and from --config.\n\
         docs/configuration.md lists them, docs/operations.md says how to run the whole."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_service_runs() {
        let arguments = Arguments::try_parse_from(["user-svc"]).unwrap();
        assert!(arguments.command.is_none());
    }

    #[test]
    fn a_file_may_be_named_before_and_after_the_command() {
        for line in [["svc", "--config", "a.toml", "migrate"], ["svc", "migrate", "--config", "a.toml"]] {
            assert_eq!(Arguments::try_parse_from(line).unwrap().config, Some("a.toml".into()));
        }
    }
}
