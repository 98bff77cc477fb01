// Which processing elements copies of the network may take, and which the optimisers.
import Mathematics
import SpiNNaker2

package struct Places: Sendable {
    /// The PEs of each copy there is room for: input, slices layer by layer, loss.
    package let copies: [[Int]]
    let optimizers: [Int]

    /// - Throws: `outOfMemory` for what the published placement has no place for.
    package init(pesPerCopy: Int, optimizers: Int, _ options: SpiNNaker2Options) throws(SpinnpropError) {
        var order = Array(0..<options.board.peCount)
        switch options.placement {
        case .published:
            self = try Places(published: pesPerCopy, optimizers, options.board)
            return
        case .scattered(let seed):
            var random = RandomStream(seed: seed, stream: 0)
            random.shuffle(&order)
        case .compact: break
        }
        self = Places(
            pesPerCopy, optimizers, options.board, order: order, keepsChips: options.placement == .compact)
    }

    private init(copies: [[Int]], optimizers: [Int]) {
        (self.copies, self.optimizers) = (copies, optimizers)
    }

    /// Optimisers take the last PEs of the first chip; the copies fill what is left, chip by chip.
    private init(_ pesPerCopy: Int, _ optimizerCount: Int, _ board: Board, order: [Int], keepsChips: Bool) {
        guard optimizerCount < order.count else {
            (copies, optimizers) = ([], [])
            return
        }
        let reserved = min(order.count, max(optimizerCount, min(board.pesPerChip, order.count)))
        optimizers = Array(order[reserved - optimizerCount..<reserved])
        let free = Array(order[..<(reserved - optimizerCount)] + order[reserved...])
        var copies: [[Int]] = []
        var start = 0
        while start + pesPerCopy <= free.count {
            let place = Array(free[start..<start + pesPerCopy])
            let isWhole = !keepsChips || pesPerCopy > board.pesPerChip - optimizerCount
            // A copy stays on one chip, if one can hold it.
            if isWhole || board.chip(ofPE: place[0]) == board.chip(ofPE: place[place.count - 1]) {
                copies.append(place)
                start += pesPerCopy
            } else {
                start += place.firstIndex { board.chip(ofPE: $0) != board.chip(ofPE: place[0]) } ?? 1
            }
        }
        self.copies = copies
    }

    /// The placement that the overview figure of arXiv 2412.15021 shows: each copy on the four PEs of a quad, quads row by row
    /// from (1, 1), the optimiser alone on a PE of quad (1, 6).
    private init(published pesPerCopy: Int, _ optimizerCount: Int, _ board: Board) throws(SpinnpropError) {
        func refusal(_ reason: String) -> SpinnpropError {
            SpinnpropError(
                .outOfMemory,
                "placement \"published\" puts copies on the quads of one chip and the optimiser on a PE of quad (1, 6); "
                    + "\(reason); use placement \"compact\"")
        }
        let perQuad = QuadGrid.pesPerQuad
        guard board.chipCount == 1 else { throw refusal("the board has \(board.chipCount) chips") }
        guard pesPerCopy <= perQuad else {
            throw refusal("a copy of this network takes \(pesPerCopy) PEs, a quad has \(perQuad)")
        }
        guard optimizerCount <= 1 else { throw refusal("its parameters take \(optimizerCount) optimiser PEs") }
        let quads = QuadGrid.quads.prefix(board.pesPerChip / perQuad)
        guard let optimizer = quads.firstIndex(where: { $0.x == 1 && $0.y == 6 }) else {
            throw refusal("the chip has \(board.pesPerChip) PEs for applications, which end before it")
        }
        let copies = quads.indices.filter { $0 != optimizer }.map { quad in
            Array(perQuad * quad..<perQuad * quad + pesPerCopy)
        }
        self.init(copies: copies, optimizers: [perQuad * optimizer])
    }
}
