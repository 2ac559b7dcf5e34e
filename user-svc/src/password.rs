//! Password hashing with Argon2id (RFC 9106), bounded in memory and processor time.
//!
//! One hash takes 19 MiB and some 20 ms. Without a limit the blocking pool would run 512 of them at once; here as
//! many run as there are cores, the rest waits for a bounded time and is then told to come back.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub mod strength;

use self::strength::{Owner, Weakness};

static WAIT: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    opentelemetry::global::meter("user-svc")
        .f64_histogram("user.password.wait_time")
        .with_unit("s")
        .with_description("How long a call waited for its turn to hash a password, by whether it got one.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5])
        .build()
});

/// How passwords are hashed and how much of it runs at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordConfig {
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes of that memory.
    pub parallelism: u32,
    /// Hashes that run at once.
    pub concurrency: usize,
    /// Longest wait for a turn.
    pub max_wait: Duration,
}

/// Why a password was neither hashed nor compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The parameters are outside of what Argon2 allows.
    #[error("the Argon2 parameters do not fit")]
    Parameters(#[source] argon2::Error),
    /// Too many hashes are waiting already.
    #[error("no turn to hash a password within the allowed wait")]
    Busy,
    /// A stored hash is not readable, or hashing failed.
    #[error("the password could not be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    /// It may not be chosen.
    #[error("the password is too weak")]
    Weak(#[source] Weakness),
}

/// A password that was found strong enough for its owner: the only kind that becomes a new hash.
#[derive(Clone, Debug)]
pub struct ChosenPassword(SecretString);

/// How a password compares with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is another one, or there is no stored hash.
    Differs,
    /// It is the same.
    Matches {
        /// The hash was made with other parameters than today's and should be renewed.
        outdated: bool,
    },
}

/// Hashes and compares passwords; clones share the limit.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    max_wait: Duration,
    /// Compared with where there is no account, so that an unknown address costs the same time as a wrong password.
    decoy: Arc<str>,
}

impl Passwords {
    /// Checks the parameters and prepares the decoy.
    pub fn new(config: &PasswordConfig) -> Result<Self, PasswordError> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)
            .map_err(PasswordError::Parameters)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, b"decoy")?;
        let turns = Arc::new(Semaphore::new(config.concurrency.max(1)));
        Ok(Self { argon2, turns, max_wait: config.max_wait, decoy: decoy.into() })
    }

    /// Judges a password that somebody wants to have. It takes a turn as hashing does: the judgement is work, too.
    pub async fn choose(
        &self,
        password: &SecretString,
        owner: Owner<'_>,
    ) -> Result<ChosenPassword, PasswordError> {
        let password = normalised(password);
        let (email, display_name) = (owner.email.to_owned(), owner.display_name.to_owned());
        self.in_turn(move || {
            let owner = Owner { email: &email, display_name: &display_name };
            strength::judge(password.expose_secret(), owner).map_err(PasswordError::Weak)?;
            Ok(ChosenPassword(password))
        })
        .await
    }

    /// Answers the hash of a chosen password as a PHC string with a fresh salt.
    pub async fn hash(&self, password: ChosenPassword) -> Result<String, PasswordError> {
        self.rehash(password.0).await
    }

    /// Hashes by today's parameters a password that is an account's already, whatever it was allowed to be then.
    pub async fn rehash(&self, password: SecretString) -> Result<String, PasswordError> {
        let argon2 = self.argon2.clone();
        let password = normalised(&password);
        self.in_turn(move || hash(&argon2, password.expose_secret().as_bytes())).await
    }

    /// Compares with a stored PHC string; with none it takes as long and differs.
    pub async fn compare(
        &self,
        password: SecretString,
        stored: Option<&str>,
    ) -> Result<Comparison, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let argon2 = self.argon2.clone();
        let password = normalised(&password);
        let comparison = self.in_turn(move || compare(&argon2, password.expose_secret(), &stored)).await?;
        Ok(if known { comparison } else { Comparison::Differs })
    }

    /// Runs the work on a blocking thread when its turn comes.
    ///
    /// The permit moves into the closure: a caller who hangs up does not free a turn that is still computing.
    async fn in_turn<T, W>(&self, work: W) -> Result<T, PasswordError>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, PasswordError> + Send + 'static,
    {
        let turn = self.turn().await?;
        let result = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        result.await.expect("hashing does not panic and is never aborted")
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, PasswordError> {
        let start = Instant::now();
        let turn = tokio::time::timeout(self.max_wait, Arc::clone(&self.turns).acquire_owned()).await;
        let outcome = if turn.is_ok() { "turn" } else { "busy" };
        WAIT.record(start.elapsed().as_secs_f64(), &[KeyValue::new("outcome", outcome)]);
        let turn = turn.map_err(|_| PasswordError::Busy)?;
        Ok(turn.expect("the semaphore is never closed"))
    }
}

/// The one form of a password, whichever system it was typed on.
fn normalised(password: &SecretString) -> SecretString {
    chassis::text::password(password.expose_secret()).into()
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2.hash_password(password).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn compare(argon2: &Argon2<'_>, password: &str, stored: &str) -> Result<Comparison, PasswordError> {
    let stored = PasswordHash::new(stored)
        .map_err(|error| PasswordError::Hash(argon2::password_hash::Error::from(error)))?;
    match argon2.verify_password(password.as_bytes(), &stored) {
        Ok(()) => Ok(Comparison::Matches { outdated: !is_current(argon2, &stored) }),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Comparison::Differs),
        Err(error) => Err(PasswordError::Hash(error)),
    }
}

fn is_current(argon2: &Argon2<'_>, stored: &PasswordHash) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    stored.algorithm == Algorithm::Argon2id.ident()
        && Params::try_from(stored).is_ok_and(|params| costs(&params) == costs(argon2.params()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> PasswordConfig {
        let max_wait = Duration::from_millis(20);
        PasswordConfig { memory_kib: 64, iterations: 1, parallelism: 1, concurrency: 1, max_wait }
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let passwords = Passwords::new(&config()).unwrap();
        let hash = passwords.rehash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert_ne!(
            hash,
            passwords.rehash("correct horse".into()).await.unwrap(),
            "each hash has its own salt"
        );
        let compare = |password: &str| passwords.compare(password.into(), Some(&hash));
        assert_eq!(compare("correct horse").await.unwrap(), Comparison::Matches { outdated: false });
        assert_eq!(compare("battery staple").await.unwrap(), Comparison::Differs);
    }

    #[tokio::test]
    async fn a_password_is_the_same_in_composed_and_decomposed_letters() {
        let passwords = Passwords::new(&config()).unwrap();
        for (chosen, typed) in
            [("gr\u{fc}n-und-blau", "gru\u{308}n-und-blau"), ("gru\u{308}n-und-blau", "gr\u{fc}n-und-blau")]
        {
            let hash = passwords.rehash(chosen.into()).await.unwrap();
            let comparison = passwords.compare(typed.into(), Some(&hash)).await.unwrap();
            assert_eq!(comparison, Comparison::Matches { outdated: false });
        }
    }

    #[tokio::test]
    async fn without_a_stored_hash_every_password_differs_even_the_one_of_the_decoy() {
        let passwords = Passwords::new(&config()).unwrap();
        assert_eq!(passwords.compare("decoy".into(), None).await.unwrap(), Comparison::Differs);
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_matches_and_is_outdated() {
        let older = Passwords::new(&PasswordConfig { iterations: 2, ..config() }).unwrap();
        let hash = older.rehash("correct horse".into()).await.unwrap();
        let passwords = Passwords::new(&config()).unwrap();
        let comparison = passwords.compare("correct horse".into(), Some(&hash)).await.unwrap();
        assert_eq!(comparison, Comparison::Matches { outdated: true });
    }

    #[tokio::test]
    async fn who_gets_no_turn_in_time_is_told_so() {
        let passwords = Passwords::new(&config()).unwrap();
        let _turn = passwords.turn().await.unwrap();
        assert!(matches!(passwords.rehash("correct horse".into()).await, Err(PasswordError::Busy)));
    }

    #[test]
    fn parameters_that_argon2_does_not_allow_are_refused() {
        let config = PasswordConfig { memory_kib: 1, ..config() };
        assert!(matches!(Passwords::new(&config), Err(PasswordError::Parameters(_))));
    }

    #[tokio::test]
    async fn a_weak_password_is_not_chosen_and_a_strong_one_is_hashed() {
        let passwords = Passwords::new(&config()).unwrap();
        let owner = Owner { email: "anna@example.org", display_name: "Anna" };
        let refused = passwords.choose(&"1234567890".into(), owner).await;
        assert!(matches!(refused, Err(PasswordError::Weak(Weakness::Guessable(_)))));
        let chosen = passwords.choose(&"correct horse battery".into(), owner).await.unwrap();
        let hash = passwords.hash(chosen).await.unwrap();
        let comparison = passwords.compare("correct horse battery".into(), Some(&hash)).await.unwrap();
        assert_eq!(comparison, Comparison::Matches { outdated: false });
    }
}
