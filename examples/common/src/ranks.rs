//! What several processes say to each other before they have tensors.

use congruent::mesh::Communicator;

/// The bytes that the first rank has, on each.
pub fn said_to_all(world: &dyn Communicator, mut bytes: Vec<u8>) -> Vec<u8> {
    let mut length = (bytes.len() as u64).to_le_bytes();
    world.broadcast(0, &mut length);
    bytes.resize(u64::from_le_bytes(length) as usize, 0);
    world.broadcast(0, &mut bytes);
    bytes
}
