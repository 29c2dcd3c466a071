import OrreryModel

/// Highest random weight: every person ranks the clusters in an order of their own, which stays when clusters come and go.
enum Rendezvous {
    static func weight(_ person: Identity, _ cluster: String) -> UInt64 {
        // FNV-1a, then a mixing that spreads the last byte over all bits. The lengths keep two splits of one text apart.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for text in [person.issuer, person.subject, cluster] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ UInt64(text.utf8.count)) &* 0x0000_0100_0000_01b3
        }
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }
}
