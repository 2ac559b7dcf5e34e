//! The secrets of a private installation: made at the first start, kept beside the data, readable by their owner only.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::config::Settings;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use secrecy::ExposeSecret as _;

/// What events are signed with, and the public halves.
const EVENT_KEYS: [(&str, &str); 2] = [
    ("USER_SVC_EVENT_KEY", "USER_SVC_EVENT_PUBLIC_KEY"),
    ("WORKOUT_SVC_EVENT_KEY", "WORKOUT_SVC_EVENT_PUBLIC_KEY"),
];

/// Puts the installation's own secrets where the operator has set none; without a folder they are not kept.
pub fn provide(settings: &mut Settings, folder: Option<&Path>) -> anyhow::Result<()> {
    if let Some(folder) = folder {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut secret = |name: &str, make: fn() -> anyhow::Result<String>| -> anyhow::Result<()> {
        let value = match folder {
            Some(folder) => load_or_make(&folder.join(name.to_lowercase()), make)?,
            None => make()?,
        };
        settings.set_default(name, value);
        Ok(())
    };
    secret("JWT_SIGNING_KEY", signing_key)?;
    for (private, _) in EVENT_KEYS {
        secret(private, signing_key)?;
    }
    secret("SEALING_KEYS", || Ok(format!("local:{}", random_base64())))?;
    secret("CODE_PEPPER", || Ok(random_base64()))?;
    for (private, public) in EVENT_KEYS {
        // Asked of a copy: what is no key is told by who reads the setting.
        let key = settings.clone().optional_secret(private, "");
        if let Some(key) = key.and_then(|pem| public_key(pem.expose_secret()).ok()) {
            settings.set_default(public, key);
        }
    }
    Ok(())
}

/// The public half of a key in the form that the settings have.
fn public_key(pem: &str) -> anyhow::Result<String> {
    let public = SigningKey::from_pkcs8_pem(pem.trim())?.verifying_key().to_public_key_der()?;
    Ok(STANDARD.encode(public))
}

fn load_or_make(path: &Path, make: fn() -> anyhow::Result<String>) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Ok(secret) => return Ok(secret),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let secret = make()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    Ok(secret)
}

#[expect(clippy::disallowed_methods, reason = "this is where secrets are made")]
fn signing_key() -> anyhow::Result<String> {
    let key = SigningKey::from_bytes(&rand::random());
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

#[expect(clippy::disallowed_methods, reason = "this is where secrets are made")]
fn random_base64() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_only_their_owner_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = load_or_make(&path, || Ok(random_base64())).unwrap();
        let second = load_or_make(&path, || Ok(random_base64())).unwrap();
        assert_eq!(first, second);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
