package import OrreryModel

/// What sessions take of a cluster: their number, and what they were promised.
package struct Resources: Hashable, Sendable {
    package var sessions: Int
    package var cpu: CPUCount
    package var memory: ByteCount
    package var gpu: Int

    package init(
        sessions: Int = 0, cpu: CPUCount = CPUCount(millicores: 0), memory: ByteCount = ByteCount(bytes: 0),
        gpu: Int = 0
    ) {
        self.sessions = sessions
        self.cpu = cpu
        self.memory = memory
        self.gpu = gpu
    }

    /// One session of `size`. A quantity that this version does not understand counts as none: it was checked when the
    /// plan was made.
    package init(_ size: Plan.Size) {
        self.init(
            sessions: 1, cpu: CPUCount(size.cpuRequest) ?? CPUCount(millicores: 0),
            memory: ByteCount(size.memoryRequest) ?? ByteCount(bytes: 0), gpu: size.gpu)
    }

    package static func + (left: Resources, right: Resources) -> Resources {
        Resources(
            sessions: left.sessions + right.sessions,
            cpu: CPUCount(millicores: left.cpu.millicores + right.cpu.millicores),
            memory: ByteCount(bytes: left.memory.bytes + right.memory.bytes), gpu: left.gpu + right.gpu)
    }

    package static func += (left: inout Resources, right: Resources) { left = left + right }

    /// What is left without `right`; never below nothing.
    package static func - (left: Resources, right: Resources) -> Resources {
        Resources(
            sessions: max(0, left.sessions - right.sessions),
            cpu: CPUCount(millicores: max(0, left.cpu.millicores - right.cpu.millicores)),
            memory: ByteCount(bytes: max(0, left.memory.bytes - right.memory.bytes)),
            gpu: max(0, left.gpu - right.gpu))
    }
}

/// Bounds on resources; nil is no bound.
package struct ResourceBounds: Hashable, Sendable {
    package var sessions: Int?
    package var cpu: CPUCount?
    package var memory: ByteCount?
    package var gpu: Int?

    package init(sessions: Int? = nil, cpu: CPUCount? = nil, memory: ByteCount? = nil, gpu: Int? = nil) {
        self.sessions = sessions
        self.cpu = cpu
        self.memory = memory
        self.gpu = gpu
    }

    package static let none = ResourceBounds()

    /// One clause for each bound that `need` beside `held` would pass: `no free GPU, 8 of 8 in use`. Empty: it fits.
    package func shortages(holding held: Resources, adding need: Resources) -> [String] {
        let sum = held + need
        var words: [String] = []
        if let sessions, need.sessions > 0, sum.sessions > sessions {
            words.append("no free session, \(held.sessions) of \(sessions) in use")
        }
        if let cpu, need.cpu.millicores > 0, sum.cpu > cpu {
            words.append("\(need.cpu) CPU wanted, \(held.cpu) of \(cpu) in use")
        }
        if let memory, need.memory.bytes > 0, sum.memory > memory {
            words.append("\(need.memory) memory wanted, \(held.memory) of \(memory) in use")
        }
        if let gpu, need.gpu > 0, sum.gpu > gpu {
            let free = max(0, gpu - held.gpu)
            words.append(free == 0 ? "no free GPU, \(held.gpu) of \(gpu) in use" : "\(free) of \(gpu) GPU free")
        }
        return words
    }

    package func fits(_ need: Resources, beside held: Resources) -> Bool {
        let sum = held + need
        return isWithin(need.sessions, sum.sessions, sessions) && isWithin(need.gpu, sum.gpu, gpu)
            && isWithin(need.cpu.millicores, sum.cpu.millicores, cpu?.millicores)
            && isWithin(need.memory.bytes, sum.memory.bytes, memory?.bytes)
    }

    private func isWithin<Number: BinaryInteger>(_ need: Number, _ sum: Number, _ bound: Number?) -> Bool {
        bound.map { need == 0 || sum <= $0 } ?? true
    }

    /// The greatest share of a bounded resource that `amount` is, 0 where nothing is bounded. A resource of which there
    /// is none counts as wholly taken by whoever has some.
    package func dominantShare(of amount: Resources) -> Double {
        max(
            share(Int64(amount.sessions), sessions.map { Int64($0) }), share(amount.cpu.millicores, cpu?.millicores),
            share(amount.memory.bytes, memory?.bytes), share(Int64(amount.gpu), gpu.map { Int64($0) }))
    }

    private func share(_ amount: Int64, _ bound: Int64?) -> Double {
        guard let bound, amount > 0 else { return 0 }
        return bound == 0 ? 1 : Double(amount) / Double(bound)
    }

    /// What is left of the bounds when `percent` of each is kept free, rounded down.
    package func keeping(free percent: Int) -> ResourceBounds {
        func rest(_ amount: Int64) -> Int64 {
            amount - amount / 100 * Int64(percent) - amount % 100 * Int64(percent) / 100
        }
        return ResourceBounds(
            sessions: sessions.map { Int(rest(Int64($0))) }, cpu: cpu.map { CPUCount(millicores: rest($0.millicores)) },
            memory: memory.map { ByteCount(bytes: rest($0.bytes)) }, gpu: gpu.map { Int(rest(Int64($0))) })
    }
}
