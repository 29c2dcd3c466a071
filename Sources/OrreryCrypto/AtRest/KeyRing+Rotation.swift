/// What an operator does with the keys.
extension KeyRing {
    /// Puts a new key into the file, which seals from now on; its number.
    package func rotate() throws(CryptoError) -> UInt32 {
        var id: UInt32 = 0
        try file.change { keys throws(CryptoError) in
            // Numbers only rise: a retired one is never given to another key.
            guard let newest = keys.first, newest.id < .max else { throw file.refusal("has no number left") }
            id = newest.id + 1
            return keys + [.fresh(id: id)]
        }
        try reload()
        return id
    }

    /// Takes key `id` out of the file; what it sealed can never be opened again. The newest one stays.
    package func retire(_ id: UInt32) throws(CryptoError) {
        try file.change { keys throws(CryptoError) in
            guard keys.contains(where: { $0.id == id }) else { throw file.refusal("has no key \(id)") }
            guard keys.first?.id != id else {
                throw CryptoError(
                    .keyFile, "key \(id) is the newest and seals; make a new one first (orrery keys rotate)")
            }
            return keys.filter { $0.id != id }
        }
        try reload()
    }

    /// The number of the key that sealed `sealed`; nil when nothing did.
    package static func id(of sealed: [UInt8]) -> UInt32? { SealingKey.id(of: sealed) }
}
