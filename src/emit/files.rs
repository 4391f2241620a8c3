//! What an export gives: files by their names, in one order.

use std::path::Path;

use crate::base::error::Result;
use crate::base::fs::Staging;

/// Named files, each name with slashes below the directory that they may be written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    /// A single file.
    pub fn one(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        let mut files = Files::default();
        files.add(name, content);
        files
    }

    /// Adds a file behind the others.
    pub fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) -> &mut Self {
        self.0.push((name.into(), content.into()));
        self
    }

    /// The files, name and content, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// The content, where there is one file and no more.
    pub fn single(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [(_, content)] => Some(content),
            _ => None,
        }
    }

    /// Writes them to a new directory, whole or not at all.
    ///
    /// # Errors
    /// [`Code::OutputExists`](crate::base::error::Code::OutputExists) for a directory that exists; files that cannot be
    /// written.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let staging = Staging::begin(dir, false, |_| false)?;
        self.iter().try_for_each(|(name, content)| staging.write(name, content))?;
        staging.publish()
    }
}
