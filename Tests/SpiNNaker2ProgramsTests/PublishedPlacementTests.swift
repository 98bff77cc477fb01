// The placement of the authors' figure: where everything lies, that the bits are the twin's, and what is refused.
import ClockDriven
import Learning
import Mathematics
import Networks
@testable import SpiNNaker2
import Spikes
import Testing

@testable import SpiNNaker2Programs
@testable import TestSupport

struct PublishedPlacementTests {
    private func options(copies: Int? = nil, chips: Int = 1, pes: Int? = nil) throws -> SpiNNaker2Options {
        var constants = SpiNNaker2Constants()
        if let pes { try constants.set(.applicationPEs, to: Double(pes)) }
        var options = SpiNNaker2Options(board: try Board(chips: chips, constants: constants))
        (options.placement, options.copies) = (.published, copies)
        return options
    }

    private func place(_ options: SpiNNaker2Options, _ sizes: [Int] = [5, 120, 3]) throws -> Layout {
        try Layout(NetworkShape(sizes: sizes), options)
    }

    /// Rows of seven quads from (1, 1) on, without the places of router and memory; the optimiser's quad has no copy.
    @Test func everythingLiesAsInTheFigure() throws {
        let layout = try place(try options())
        #expect(layout.copies == 36 && layout.optimizerPEs.map(QuadGrid.position) == [MeshPosition(x: 1, y: 6)])
        var expected: [MeshPosition] = []
        for y in 1...6 {
            for x in 1...7 where !((x == 4 || x == 7) && (y == 3 || y == 4)) && (x, y) != (1, 6) && (x, y) != (7, 6) {
                expected.append(MeshPosition(x: x, y: y))
            }
        }
        #expect(layout.copyPEs.map { QuadGrid.position(ofPE: $0[0]) } == expected)
        for pes in layout.copyPEs {
            #expect(pes.count == 4 && Set(pes.map { $0 / 4 }).count == 1 && Set(pes.map { $0 % 4 }) == [0, 1, 2, 3])
        }
        // With the PEs that are otherwise kept from applications there is room for one more.
        #expect(try place(try options(pes: 152)).copies == 37)
        // A network without hidden layers leaves one PE of each quad idle.
        let small = try place(try options(), [5, 3])
        #expect(small.copies == 36 && small.copyPEs[1] == [4, 5, 6])
    }

    /// Samples over all copies: the bits of the twin, forward and backward, and an account of its own.
    @Test func theSameBits() throws {
        var random = RandomStream(seed: 5, stream: 0)
        var network = try Network(sizes: [5, 40, 3])
        for (index, connection) in network.connections.enumerated() {
            let weights = connection.weights.map { _ in
                3 * (random.normal() + 0.8) / Double(connection.preCount).squareRoot()
            }
            try network.setWeights(weights, connection: index)
        }
        let samples = 40
        let units = (0..<samples).flatMap { _ in [0, 1, 2, 3, 4] as [Int32] }
        let times = units.map { _ in 20e-3 * random.uniform() }
        let input = try SpikeTrains(
            times: times, units: units, offsets: (0...samples).map { 5 * $0 }, unitCount: 5)
        let objective = Objective(loss: StepTTFSCrossEntropy(), labels: (0..<samples).map { $0 % 3 })
        var grid = TimeGrid()
        grid.copies = 36
        let twin = try ClockSubstrate(grid).forward(network, input, options: ForwardOptions(), monitor: nil)
        let gradients = try ClockRule(grid).backward(network, twin, objective, monitor: nil)
        #expect(gradients.weights.allSatisfy { $0.contains { $0 != 0 } })
        var hops: [Int] = []
        for placement in [Placement.published, .compact] {
            var own = try options(copies: 36)
            own.placement = placement
            let engine = try SpiNNaker2Engine(own)
            let chip = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
            #expect(bits(chip) == bits(twin))
            #expect(bits(try engine.backward(network, chip, objective, monitor: nil)) == bits(gradients))
            let account = try #require(engine.account)
            #expect(account.copies == 36)
            hops.append(account.phases.reduce(0) { $0 + $1.counters.hops })
        }
        #expect(hops[0] != hops[1] && hops[0] > 0)
    }

    @Test func whatHasNoPlaceIsRefused() throws {
        func refusal(_ options: SpiNNaker2Options, _ sizes: [Int] = [5, 120, 3]) -> String {
            do {
                _ = try place(options, sizes)
                return "nothing was thrown"
            } catch {
                return "\(error)"
            }
        }
        let refusals = [
            (refusal(try options(chips: 2)), "the board has 2 chips"),
            (refusal(try options(), [5, 10, 10, 3]), "takes 5 PEs, a quad has 4"),
            (refusal(try options(pes: 124)), "124 PEs for applications"),
            (refusal(try options(), [90, 64, 3]), "optimiser PEs"),
            (refusal(try options(copies: 37)), "room for 36 copies where placement is \"published\""),
        ]
        for (found, expected) in refusals {
            #expect(found.contains(expected) && found.contains("placement \"compact\""), "\(found)")
        }
        #expect(try place(try options(pes: 128)).copies == 31)
        // A fit says the same before anything runs.
        let fit = try SpiNNaker2Fit(sizes: [5, 10, 10, 3], batch: 22, options: try options())
        #expect(!fit.fits && fit.reason.contains("takes 5 PEs"))
    }
}
