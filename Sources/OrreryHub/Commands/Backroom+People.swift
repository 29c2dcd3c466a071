package import OrreryModel
import OrreryStore

extension Backroom {
    /// Everybody whom the hub knows and has not suspended, as they are in the database.
    package func people() async throws(HubError) -> [Person] {
        do throws(StoreError) {
            return try await database.allPersons().filter { !$0.isSuspended }.map(\.person)
        } catch {
            throw HubError(.cannotStart, error.message, next: error.next)
        }
    }
}
