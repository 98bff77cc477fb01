// What a copy's packets need of the routing tables: which sources reach which targets, and on how many chips that takes an entry.
import SpiNNaker2

/// What one range of keys needs: the spikes of a slice, or the errors sent back to it.
struct PlannedRoute {
    let isError: Bool
    /// The slice whose neurons spike, or to whose spikes the errors belong: its population, and its index there.
    let population: Int
    let slice: Int
    /// PEs that send, and PEs that receive, numbered through the board.
    let sources: [Int]
    let targets: [Int]

    /// Chips whose table needs an entry.
    func chips(_ board: Board) -> Set<Int> {
        var chips: Set<Int> = []
        for target in targets {
            for source in sources {
                var chip = board.chip(ofPE: source)
                chips.insert(chip)
                for direction in board.path(from: chip, to: board.chip(ofPE: target)) {
                    chip = board.neighbour(of: chip, direction)
                    chips.insert(chip)
                }
            }
        }
        return chips
    }

    /// - Parameter place: the PEs of a copy: input, slices layer by layer, loss.
    static func all(_ shape: NetworkShape, _ cut: Cut, place: [Int]) -> [PlannedRoute] {
        var starts = [0]
        for count in cut.cuts { starts.append(starts[starts.count - 1] + count) }
        func pes(_ population: Int) -> ArraySlice<Int> { place[starts[population]..<starts[population + 1]] }
        var routes: [PlannedRoute] = []
        for population in shape.sizes.indices {
            var targets = shape.connections.filter { $0.source == population }.flatMap { pes($0.target) }
            if population == shape.layerCount { targets.append(place[cut.pesPerCopy - 1]) }
            for (slice, pe) in zip(cut.slices[population], pes(population)) {
                routes.append(
                    PlannedRoute(
                        isError: false, population: population, slice: slice.index, sources: [pe], targets: targets))
                routes.append(
                    PlannedRoute(
                        isError: true, population: population, slice: slice.index, sources: targets, targets: [pe]))
            }
        }
        return routes
    }

    /// How many of the places have room in the routing tables, from the first on.
    static func room(_ shape: NetworkShape, _ cut: Cut, places: [[Int]], board: Board) -> Int {
        let capacity = Int(board.constants[.routerEntries])
        var entries = [Int](repeating: 0, count: board.chipCount)
        for (copy, place) in places.enumerated() {
            for route in all(shape, cut, place: place) {
                for chip in route.chips(board) { entries[chip] += 1 }
            }
            if entries.contains(where: { $0 > capacity }) { return copy }
        }
        return places.count
    }
}
