//! Our own places in tables: typed row numbers and flat lists of lists.
//!
//! Ids stay at the doors, indexes in the rooms: `BrokerIx` 7 is the eighth broker in id order, so
//! walking a table is walking it in the one order that output may have.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut, Range};

/// A row number of one kind of table.
pub trait Ix: Copy + Eq + Ord {
    /// The row number `index`.
    fn new(index: usize) -> Self;
    /// The row number as a plain index.
    fn get(self) -> usize;
}

macro_rules! index_type {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl Ix for $name {
            fn new(index: usize) -> Self {
                debug_assert!(u32::try_from(index).is_ok());
                $name(index as u32)
            }
            fn get(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

index_type! {
    /// A broker, in order of its id.
    BrokerIx,
    /// A rack, in order of its name; brokers of unknown rack have one each, behind the named ones.
    RackIx,
    /// A log dir of a broker, in order of broker and place in the snapshot.
    DirIx,
    /// A topic, in order of its name.
    TopicIx,
    /// A partition, in order of topic name and partition id.
    PartitionIx,
}

/// A vector that only an index of its own kind reads.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexVec<I, T> {
    rows: Vec<T>,
    kind: PhantomData<fn(I)>,
}

impl<I: Ix, T> IndexVec<I, T> {
    /// A table of these rows.
    pub fn from_vec(rows: Vec<T>) -> Self {
        IndexVec { rows, kind: PhantomData }
    }

    /// A table of `len` equal rows.
    pub fn filled(value: T, len: usize) -> Self
    where
        T: Clone,
    {
        Self::from_vec(vec![value; len])
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row numbers in order.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.rows.len()).map(I::new)
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// Row numbers with their rows, in order.
    pub fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.rows.iter().enumerate().map(|(i, row)| (I::new(i), row))
    }

    /// The rows as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.rows
    }
}

impl<I: Ix, T> Index<I> for IndexVec<I, T> {
    type Output = T;
    fn index(&self, index: I) -> &T {
        &self.rows[index.get()]
    }
}

impl<I: Ix, T> IndexMut<I> for IndexVec<I, T> {
    fn index_mut(&mut self, index: I) -> &mut T {
        &mut self.rows[index.get()]
    }
}

impl<I: Ix, T> FromIterator<T> for IndexVec<I, T> {
    fn from_iter<A: IntoIterator<Item = T>>(rows: A) -> Self {
        Self::from_vec(rows.into_iter().collect())
    }
}

/// A list of lists in two flat vectors: four bytes a value and four a list, one straight scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csr<T> {
    ends: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Csr<T> {
    fn default() -> Self {
        Csr { ends: Vec::new(), values: Vec::new() }
    }
}

impl<T> Csr<T> {
    /// An empty list of lists with room for `lists` lists of `values` values in all.
    pub fn with_capacity(lists: usize, values: usize) -> Self {
        Csr { ends: Vec::with_capacity(lists), values: Vec::with_capacity(values) }
    }

    /// How many lists there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many values there are in all lists.
    pub fn total(&self) -> usize {
        self.values.len()
    }

    /// Appends one value to the list that is being written.
    pub fn push_value(&mut self, value: T) {
        self.values.push(value);
    }

    /// Ends the list that is being written; the next value starts another.
    pub fn end_list(&mut self) {
        self.ends.push(u32::try_from(self.values.len()).expect("more than 2^32 values"));
    }

    /// The values pushed since the last list ended.
    pub fn open_list(&self) -> &[T] {
        &self.values[self.ends.last().map_or(0, |&end| end as usize)..]
    }

    /// Appends a list.
    pub fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.values.extend(list);
        self.end_list();
    }

    /// Where the list `index` lies in [`Csr::values`].
    pub fn range(&self, index: usize) -> Range<usize> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        start..self.ends[index] as usize
    }

    /// The list `index`.
    pub fn get(&self, index: usize) -> &[T] {
        &self.values[self.range(index)]
    }

    /// The list `index`, to change its values in place.
    pub fn get_mut(&mut self, index: usize) -> &mut [T] {
        let range = self.range(index);
        &mut self.values[range]
    }

    /// All lists in order.
    pub fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The values of all lists in order.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The values of all lists in order, to change them in place.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The same lists with every value changed.
    pub fn map<U>(&self, change: impl FnMut(&T) -> U) -> Csr<U> {
        Csr { ends: self.ends.clone(), values: self.values.iter().map(change).collect() }
    }
}

impl<T, L: IntoIterator<Item = T>> FromIterator<L> for Csr<T> {
    fn from_iter<A: IntoIterator<Item = L>>(lists: A) -> Self {
        let mut csr = Csr::default();
        for list in lists {
            csr.push(list);
        }
        csr
    }
}
