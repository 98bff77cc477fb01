// Delays on a grid are whole steps in a run, while training moves the delays themselves.
import ClockDriven
import Learning
import Mathematics
import Networks
import SpiNNaker2
import Spikes
import Testing

@testable import SpiNNaker2Programs
@testable import TestSupport

struct DelayTrainingTests {
    /// Updates below a tenth of a step add up until delays take another number of steps, in the engine of time steps and on the chip.
    @Test(
        arguments: [
            [DelayKind.synaptic], [.axonal], [.dendritic], [.axonal, .none], [.none, .synaptic], [.dendritic, .axonal],
        ], [DelayParameter.clip, .sigmoid])
    func updatesFarBelowAStepAddUp(kinds: [DelayKind], parameter: DelayParameter) throws {
        let grid = TimeGrid(timeStep: 1e-3, steps: 40, copies: 2)
        var configuration = Configuration(
            sizes: [4, 6, 3], ratio: 4, delays: kinds, recurrent: true, samples: 6, gain: 6)
        configuration.grid = grid
        let own = try RandomCase(configuration, seed: 3)
        var network = own.network
        for (index, connection) in network.connections.enumerated() where connection.delayKind != .none {
            try network.setDelays(connection.delays.map { _ in 2e-3 }, connection: index)
        }
        var options = OptimizerOptions()
        (options.learningRate, options.delayParameter, options.delayScale) = (0, parameter, 8e-3)
        options.delayLearningRate = parameter == .clip ? 3e-5 : 0.015
        let objective = Objective(loss: StepTTFSCrossEntropy(), labels: own.labels)

        var chipOptions = SpiNNaker2Options(board: try Board(chips: 1))
        (chipOptions.grid, chipOptions.copies) = (grid, grid.copies)
        let twin = ClockSubstrate(grid)
        let chip = try SpiNNaker2Engine(chipOptions)
        let optimizer = try Optimizer(options, for: network, precision: .single)
        let sessions = try [
            twin.session(network, optimizer: optimizer, options: ForwardOptions()),
            chip.session(network, optimizer: optimizer, options: ForwardOptions()),
        ]
        func steps(_ network: Network) -> [Int] {
            network.connections.flatMap { $0.delays.map { grid.step(nearest: $0) } }
        }
        func spikes(_ result: BatchResult) -> [SpikeTrains] { result.spikes.recording?.layers.map(\.spikes) ?? [] }
        var first: [SpikeTrains] = []
        for batch in 0..<40 {
            let before = sessions[0].network
            let results = try sessions.map { try $0.batch(own.input, objective, monitor: nil) }
            let place = "\(kinds), \(parameter), batch \(batch)"
            #expect(spikes(results[0]) == spikes(results[1]) && results[0].value == results[1].value, "\(place)")
            for session in sessions { try session.step(rateFactor: 1) }
            let after = sessions[0].network
            #expect(bits(after) == bits(sessions[1].network), "\(place)")
            let moves = zip(before.connections, after.connections).flatMap {
                zip($0.delays, $1.delays).map { abs($1 - $0) }
            }
            #expect(moves.allSatisfy { $0 < grid.timeStep / 10 } && moves.contains { $0 > 0 }, "\(place)")
            if batch == 0 { first = spikes(results[0]) }
            if batch < 10 {
                // Delays differ, but not yet by half a step.
                #expect(steps(after) == steps(network) && spikes(results[0]) == first, "\(place)")
            }
        }
        let end = sessions[0].network
        #expect(steps(end) != steps(network), "\(kinds), \(parameter)")
        // The run is that of delays on the grid.
        var rounded = end
        for (index, connection) in end.connections.enumerated() where connection.delayKind != .none {
            try rounded.setDelays(
                connection.delays.map { grid.time(ofStep: grid.step(nearest: $0)) }, connection: index)
        }
        for engine in [twin, chip] as [any Substrate] {
            let here = try engine.forward(end, own.input, options: ForwardOptions(), monitor: nil)
            let there = try engine.forward(rounded, own.input, options: ForwardOptions(), monitor: nil)
            #expect(here.layers.map(\.spikes) == there.layers.map(\.spikes) && here.layers.map(\.spikes) != first)
        }
    }
}
