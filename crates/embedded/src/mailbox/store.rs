//! The messages: the newest ones in memory and, if wanted, each in a file of its own.
//!
//! A file is complete before the message is acknowledged, and appears under its name in one step, so a killed
//! process neither forgets an acknowledged message nor comes back with half of one.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::MailboxError;
use super::message::Message;
use super::session::Envelope;

const EXTENSION: &str = "mail";

#[derive(Debug)]
pub(super) struct Store {
    folder: Option<Arc<Path>>,
    capacity: usize,
    /// Oldest first.
    messages: Mutex<VecDeque<Arc<Message>>>,
    accepted: watch::Sender<u64>,
}

impl Store {
    /// Opens the store and reads what the folder holds.
    pub(super) fn open(folder: Option<PathBuf>, capacity: usize) -> Result<Self, MailboxError> {
        let mut messages = VecDeque::new();
        if let Some(path) = &folder {
            let fail = |source| MailboxError::Folder { path: path.clone(), source };
            fs::create_dir_all(path).map_err(fail)?;
            messages = read_folder(path).map_err(fail)?.into();
        }
        let store = Self {
            folder: folder.map(Arc::from),
            capacity: capacity.max(1),
            messages: Mutex::new(messages),
            accepted: watch::Sender::new(0),
        };
        let surplus = store.make_room();
        store.remove_files(&surplus);
        Ok(store)
    }

    /// Keeps a message and returns its id. Older ones make room.
    pub(super) async fn add(self: &Arc<Self>, envelope: Envelope, raw: Vec<u8>) -> io::Result<String> {
        let message = Arc::new(Message::new(Uuid::now_v7(), Utc::now(), envelope, raw));
        if let Some(folder) = self.folder.clone() {
            let written = Arc::clone(&message);
            tokio::task::spawn_blocking(move || write_file(&folder, &written))
                .await
                .map_err(io::Error::other)??;
        }
        let id = message.id().to_owned();
        self.messages().push_back(message);
        let surplus = self.make_room();
        if self.folder.is_some() && !surplus.is_empty() {
            let store = Arc::clone(self);
            tokio::task::spawn_blocking(move || store.remove_files(&surplus));
        }
        self.accepted.send_modify(|accepted| *accepted += 1);
        Ok(id)
    }

    /// The number of messages accepted by this run, as it grows.
    pub(super) fn accepted(&self) -> watch::Receiver<u64> {
        self.accepted.subscribe()
    }

    /// Every message, oldest first.
    pub(super) fn all(&self) -> Vec<Arc<Message>> {
        self.messages().iter().cloned().collect()
    }

    /// Every message, newest first.
    pub(super) fn newest_first(&self) -> Vec<Arc<Message>> {
        self.messages().iter().rev().cloned().collect()
    }

    /// The message with this id, or the newest one for `latest`.
    pub(super) fn get(&self, id: &str) -> Option<Arc<Message>> {
        let messages = self.messages();
        match id {
            "latest" => messages.back().cloned(),
            _ => messages.iter().rfind(|message| message.id() == id).cloned(),
        }
    }

    /// Removes the messages with these ids.
    pub(super) fn remove(&self, ids: &[String]) {
        let mut removed = Vec::new();
        self.messages().retain(|message| {
            let remove = ids.iter().any(|id| id == message.id());
            if remove {
                removed.push(Arc::clone(message));
            }
            !remove
        });
        self.remove_files(&removed);
    }

    /// Removes every message.
    pub(super) fn remove_all(&self) {
        let removed: Vec<_> = self.messages().drain(..).collect();
        self.remove_files(&removed);
    }

    fn make_room(&self) -> Vec<Arc<Message>> {
        let mut messages = self.messages();
        let surplus = messages.len().saturating_sub(self.capacity);
        messages.drain(..surplus).collect()
    }

    fn remove_files(&self, messages: &[Arc<Message>]) {
        let Some(folder) = &self.folder else {
            return;
        };
        for message in messages {
            if let Err(error) = fs::remove_file(file(folder, message.id())) {
                tracing::warn!(%error, "the mailbox cannot remove the file of a message");
            }
        }
    }

    fn messages(&self) -> MutexGuard<'_, VecDeque<Arc<Message>>> {
        // The list is whole between any two statements, so a panic elsewhere does not spoil it.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file(folder: &Path, id: &str) -> PathBuf {
    folder.join(id).with_extension(EXTENSION)
}

/// The envelope as one line of JSON, then the message as it came.
fn write_file(folder: &Path, message: &Message) -> io::Result<()> {
    let mut content = serde_json::to_vec(&(message.received(), message.sender(), message.recipients()))?;
    content.push(b'\n');
    content.extend_from_slice(message.raw());
    let path = file(folder, message.id());
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, content)?;
    fs::rename(unfinished, path)
}

/// Reads every message of the folder, oldest first, which is the order of the ids.
fn read_folder(folder: &Path) -> io::Result<Vec<Arc<Message>>> {
    let mut messages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(EXTENSION) => messages.extend(read_file(&path)?.map(Arc::new)),
            Some("unfinished") => fs::remove_file(path)?,
            _ => {}
        }
    }
    messages.sort_by(|a, b| a.id().cmp(b.id()));
    Ok(messages)
}

/// A message's file; `None` if it is something else.
fn read_file(path: &Path) -> io::Result<Option<Message>> {
    let content = fs::read(path)?;
    Ok((|| {
        let id = Uuid::try_parse(path.file_stem()?.to_str()?).ok()?;
        let end = memchr::memchr(b'\n', &content)?;
        let (received, sender, recipients): (DateTime<Utc>, String, Vec<String>) =
            serde_json::from_slice(&content[..end]).ok()?;
        Some(Message::new(id, received, Envelope { sender, recipients }, content[end + 1..].to_vec()))
    })())
}
