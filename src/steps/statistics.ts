// Names of the statistics that a step's shards report, in order. Apart from the steps, so that the server needs no tensors.

/** Of a D step; each is a mean over the shard. Ratios in [0, 1], losses in nats (Wasserstein: critic units). */
export const DISCRIMINATOR_STATISTICS = ['loss', 'accuracyReal', 'accuracyFake', 'valueFunction'] as const;
/** Of a G step. `accuracyFake` is D's, on G's samples. */
export const GENERATOR_STATISTICS = ['loss', 'accuracyFake'] as const;
