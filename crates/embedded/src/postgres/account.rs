//! The account the server runs as, and a folder that account can use.
//!
//! PostgreSQL refuses to run as root. As root, the server therefore runs as `postgres` or, where that user does not
//! exist, as `nobody`. Such a user often may not enter root's own folders; the cluster's files then move to a folder
//! of their own whose name is derived from the wanted one, so the next start finds them again.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use uuid::Uuid;

use super::PostgresError;

/// Whom the server runs as.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account {
    /// The user of this process.
    Own,
    /// Another user, because this process belongs to root.
    Unprivileged { uid: u32, gid: u32 },
}

impl Account {
    /// The account to run a server as.
    pub(super) fn choose() -> Result<Self, PostgresError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|user| {
                let (uid, gid) = (id("-u", user)?, id("-g", user)?);
                (uid != 0).then_some(Self::Unprivileged { uid, gid })
            })
            .ok_or(PostgresError::NoAccount)
    }

    /// A command that runs as this account, without the supplementary groups of root.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Self::Unprivileged { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes a file or folder belong to this account, readable by nobody else.
    pub(super) fn own(self, path: &Path, mode: u32) -> io::Result<()> {
        if let Self::Unprivileged { uid, gid } = self {
            chown(path, Some(uid), Some(gid))?;
        }
        fs::set_permissions(path, Permissions::from_mode(mode))
    }

    /// Creates the folder for a cluster: `wanted` if this account can use it, else one it can.
    pub(super) fn prepare_folder(self, wanted: &Path) -> Result<PathBuf, PostgresError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| PostgresError::Folder { path, source }
        };
        fs::create_dir_all(wanted).map_err(fail(wanted))?;
        let wanted = wanted.canonicalize().map_err(fail(wanted))?;
        if matches!(self, Self::Own) {
            fs::set_permissions(&wanted, Permissions::from_mode(0o700)).map_err(fail(&wanted))?;
            return Ok(wanted);
        }
        if self.adopt(&wanted).is_ok() && self.can_write(&wanted) {
            return Ok(wanted);
        }
        let name =
            Uuid::new_v5(&Uuid::NAMESPACE_URL, wanted.as_os_str().as_encoded_bytes()).simple().to_string();
        let name = format!("fitness-trainer-{}", &name[..12]);
        let mut refused = io::Error::from(io::ErrorKind::PermissionDenied);
        for parent in [Path::new("/var/lib"), &std::env::temp_dir()] {
            let folder = parent.join(&name);
            match self.adopt(&folder) {
                Ok(()) if self.can_write(&folder) => return Ok(folder),
                Ok(()) => {}
                Err(error) => refused = error,
            }
        }
        Err(fail(&wanted)(refused))
    }

    /// Creates the folder unless it exists, and takes it over. Refuses one of a third user: in a folder open to all,
    /// such as /tmp, anybody could have put it there.
    fn adopt(self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let owner = fs::symlink_metadata(folder)?.uid();
                let own = match self {
                    Self::Own => rustix::process::geteuid().as_raw(),
                    Self::Unprivileged { uid, .. } => uid,
                };
                if owner != own && owner != 0 {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        self.own(folder, 0o700)
    }

    fn can_write(self, folder: &Path) -> bool {
        self.command(Path::new("sh"))
            .args(["-c", "cd \"$1\" && test -w .", "sh"])
            .arg(folder)
            .current_dir("/")
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

fn id(option: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([option, user]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
