internal import OrreryWire

/// The upstream connections that wait for a request, by endpoint, last used first.
///
/// The links of a pool's list lie in the slots themselves. Concurrency: belongs to a worker.
struct UpstreamPools: ~Copyable {
    // Not private: 6.3 compilers cannot emit a non-copyable type whose storage is generic over a private one.
    struct Pool {
        var endpoint: Endpoint
        var first: UInt32
        var count: UInt32
        var next: UInt32
    }

    private let limit: UInt32
    private var pools: Slab<Pool>
    private var buckets: Slab<UInt32>
    private static var none: UInt32 { Slab<Slot>.none }
    private static var bucketCount: UInt32 { 4096 }

    /// `limit` connections are kept per endpoint; `capacity` is how many there can be in all.
    init(limit: Int, capacity: UInt32) {
        self.limit = UInt32(limit)
        pools = Slab(capacity: capacity)
        buckets = Slab(capacity: Self.bucketCount)
        for _ in 0..<Self.bucketCount { _ = buckets.add { Self.none } }
    }

    /// Takes out the connection to `endpoint` that was used last; nil when none waits.
    mutating func take(_ endpoint: Endpoint, from slots: borrowing Slab<Slot>) -> UInt32? {
        let pool = find(endpoint)
        guard pool != Self.none else { return nil }
        let index = pools[pool].first
        remove(index, from: slots)
        return index
    }

    /// Keeps a connection. False when enough of them are kept.
    mutating func keep(_ index: UInt32, in slots: borrowing Slab<Slot>) -> Bool {
        let endpoint = slots[index].endpoint
        var pool = find(endpoint)
        if pool == Self.none {
            let bucket = Self.bucket(endpoint)
            let fresh = Pool(endpoint: endpoint, first: Self.none, count: 0, next: buckets[bucket])
            guard let added = pools.add(fresh: { fresh }) else { return false }
            pools[added] = fresh
            buckets[bucket] = added
            pool = added
        }
        guard pools[pool].count < limit else { return false }
        let first = pools[pool].first
        slots[index].pool = pool
        slots[index].next = first
        slots[index].previous = Self.none
        if first != Self.none { slots[first].previous = index }
        pools[pool].first = index
        pools[pool].count += 1
        return true
    }

    /// Takes out a certain connection, which must be kept here.
    mutating func remove(_ index: UInt32, from slots: borrowing Slab<Slot>) {
        let pool = slots[index].pool
        precondition(pool != Self.none, "a pooled connection without a pool: it was removed twice")
        slots[index].pool = Self.none
        let next = slots[index].next
        let previous = slots[index].previous
        if previous == Self.none { pools[pool].first = next } else { slots[previous].next = next }
        if next != Self.none { slots[next].previous = previous }
        pools[pool].count -= 1
        if pools[pool].count == 0 { drop(pool) }
    }

    // Mutating although it only looks: otherwise 6.3 compilers copy all of `self` for the call.
    private mutating func find(_ endpoint: Endpoint) -> UInt32 {
        var pool = buckets[Self.bucket(endpoint)]
        while pool != Self.none, pools[pool].endpoint != endpoint { pool = pools[pool].next }
        return pool
    }

    private mutating func drop(_ pool: UInt32) {
        let bucket = Self.bucket(pools[pool].endpoint)
        let after = pools[pool].next
        if buckets[bucket] == pool {
            buckets[bucket] = after
        } else {
            var before = buckets[bucket]
            while pools[before].next != pool { before = pools[before].next }
            pools[before].next = after
        }
        pools.remove(pool)
    }

    private static func bucket(_ endpoint: Endpoint) -> UInt32 { UInt32(endpoint.mixed % UInt64(bucketCount)) }
}
