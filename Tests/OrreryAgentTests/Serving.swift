import ServiceLifecycle

/// Runs `service` while `work` does.
func serving(_ service: any Service, while work: () async throws -> Void) async throws {
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await service.run() }
        try await work()
        tasks.cancelAll()
    }
}
