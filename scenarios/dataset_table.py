"""The data sets that Bulkhead knows by name: data, not code.

`scenarios.data` finds and verifies them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from scenarios.dataset import Dataset, known

_COBRA: Final = known("https://github.com/DBCobra/CobraLogs", "MIT", "converted to npz from")
_YCSB: Final = known("https://github.com/brianfrankcooper/YCSB", "Apache-2.0", "copied from")
_ARC: Final = known(
    "https://github.com/moka-rs/cache-trace",
    "free if Megiddo and Modha (FAST 2003) are cited",
    "copied from",
)
_AZURE: Final = known("https://github.com/Azure/AzurePublicDataset", "CC BY 4.0", "compressed from")
_CACHELIB: Final = known("https://github.com/facebook/CacheLib", "Apache-2.0", "copied from")
_CAFFEINE: Final = known("https://github.com/ben-manes/caffeine", "Apache-2.0", "copied from")
_LIBCACHESIM: Final = known("https://github.com/1a1a11a/libCacheSim", "GPL-3.0", "compressed from")
_BCC: Final = known("https://github.com/iovisor/bcc", "Apache-2.0", "copied from")
_TWEMCACHE: Final = known("https://github.com/twitter/cache-trace", "CC BY 4.0", "copied from")
_XENTRACE: Final = known(
    "https://github.com/giuseppe998e/xentrace-parser-rs", "LGPL-2.1-or-later", "compressed from"
)
_XENTRACE_DECODED: Final = known(
    "https://github.com/giuseppe998e/xentrace-parser-rs", "LGPL-2.1-or-later", "decoded from"
)

DATASETS: Final[dict[str, Dataset]] = {
    dataset.name: dataset
    for dataset in (
        replace(
            _COBRA,
            name="cobra/tpcc",
            file="traces_cobra/tpcc-10000.npz",
            sha256="52a8b5f84761b02d46f4a263d2073e9d6a19fc0c54be5d47d4dc24ab8c3cb65f",
            summary="TPC-C over RocksDB, 24 clients, 13,870 transactions",
        ),
        replace(
            _COBRA,
            name="cobra/rubis",
            file="traces_cobra/rubis-10000.npz",
            sha256="b321bc49ebfed8030e876cb9121ef2ac83240ee13f30863f67c90986aff94c44",
            summary="RUBiS, an auction site, over RocksDB, 24 clients, 9,358 transactions",
        ),
        replace(
            _COBRA,
            name="cobra/twitter",
            file="traces_cobra/twitter-10000.npz",
            sha256="42310c415dfe1d76d02cbfcecaf85e2775b8e97f64a91cc84e05c4d057929d70",
            summary="a Twitter clone over RocksDB, 24 clients, 9,990 transactions",
        ),
        replace(
            _COBRA,
            name="cobra/chengrw",
            file="traces_cobra/chengRW-10000.npz",
            sha256="aef7a53713dd282d347174fea898567637c24572f139c42f8e146352dcf664a4",
            summary="half reads, half writes over RocksDB, 24 clients, 9,564 transactions",
        ),
        replace(
            _COBRA,
            name="cobra/chengrm",
            file="traces_cobra/chengRM-10000.npz",
            sha256="ce6b2d9a2e86b95abae4aa0a5fca22d9aa9f3a9199c8bc8bd3cc56a1984008b7",
            summary="mostly reads over RocksDB, 24 clients, 9,912 transactions",
        ),
        replace(
            _YCSB,
            name="ycsb/workloada",
            file="traces_ycsb/workloada.properties",
            sha256="54b8ef52cd6056b4192377f80e557caf73ccf9eed22a471c217a3864ba26e80f",
            summary="definition of YCSB core workload A",
        ),
        replace(
            _YCSB,
            name="ycsb/workloadb",
            file="traces_ycsb/workloadb.properties",
            sha256="3211561099a1e7bf52fbe6e5899b056e6afdfecf1e83e10b71e0601eea84463a",
            summary="definition of YCSB core workload B",
        ),
        replace(
            _YCSB,
            name="ycsb/workloadc",
            file="traces_ycsb/workloadc.properties",
            sha256="c5c6019eb1e8959a5ab3cb9058b34b0a8869e47cb74718630094b69ccf3f09e1",
            summary="definition of YCSB core workload C",
        ),
        replace(
            _YCSB,
            name="ycsb/workloadd",
            file="traces_ycsb/workloadd.properties",
            sha256="c0b951b190f14ae5a669ddb0f18cd9931648ef86347e27a6a9cea30481700e9e",
            summary="definition of YCSB core workload D",
        ),
        replace(
            _YCSB,
            name="ycsb/workloade",
            file="traces_ycsb/workloade.properties",
            sha256="0e75eea21df10bc1304f25c8daa6e16c2bfbfcb83f9b5a4d794260f470cf7dd1",
            summary="definition of YCSB core workload E",
        ),
        replace(
            _YCSB,
            name="ycsb/workloadf",
            file="traces_ycsb/workloadf.properties",
            sha256="d9c9dfcf5065b026a881c357eebb653cf40efa0098dd57d861062ab8856157df",
            summary="definition of YCSB core workload F",
        ),
        replace(
            _YCSB,
            name="ycsb/tsworkloada",
            file="traces_ycsb/tsworkloada.properties",
            sha256="19366131f12a7e9514fefd47854054b16b7807a156aa3763e3e4bd0924bca858",
            summary="definition of YCSB time-series workload A",
        ),
        replace(
            _YCSB,
            name="ycsb/workload-template",
            file="traces_ycsb/workload_template.properties",
            sha256="bc9e99d13dc582857fd510a1894a82572b4ba40b28368594b1c4beb74bdcb9a2",
            summary="YCSB core workload, every default",
        ),
        replace(
            _YCSB,
            name="ycsb/tsworkload-template",
            file="traces_ycsb/tsworkload_template.properties",
            sha256="6fb11dcf4492cbe18cf686691e6ffa268197063b364777db02edeb1bab642656",
            summary="YCSB time-series workload, every default",
        ),
        replace(
            _ARC,
            name="arc/oltp",
            file="traces_arc_oltp/OLTP.lis.zst",
            sha256="2a81096104b6de28aae54558b764bb32fe2ac3beb8a7dcdee1259af8798d3531",
            summary="an hour of page references of a CODASYL database, 914,145 pages",
        ),
        replace(
            _AZURE,
            name="azure/llm-code",
            file="traces_azure_llm/AzureLLMInferenceTrace_code.csv.xz",
            sha256="b892e94be7113734ccb91ae94e8a5dfb166cc4d118d2c210d1374a0fe1668f90",
            summary="an hour of 8,819 requests to a model that writes code",
        ),
        replace(
            _AZURE,
            name="azure/llm-conv",
            file="traces_azure_llm/AzureLLMInferenceTrace_conv.csv.xz",
            sha256="d4339f449e263666995395f687e00a683cedddaa1d377d689ff47d6b95e641a6",
            summary="an hour of 19,366 requests to a model that converses",
        ),
        replace(
            _CACHELIB,
            name="cachelib/kv-1",
            file="traces_cachelib/kv_traces_1.csv",
            sha256="3346276e77c26c5fb73a648c9091d2a7b9e0e711565a377b51147fe2fb927f57",
            summary="99 rows of Meta's key-value caches, sample 1",
        ),
        replace(
            _CACHELIB,
            name="cachelib/kv-2",
            file="traces_cachelib/kv_traces_2.csv",
            sha256="7c1909544e35d0e2d29273119f2443513ac7ce2f1751cb2559007aa5886b6939",
            summary="99 rows of Meta's key-value caches, sample 2",
        ),
        replace(
            _CACHELIB,
            name="cachelib/block-1",
            file="traces_cachelib/block_traces_1.csv",
            sha256="ab9e87ed9bf449788727f0106c9ca20445ef16d0bfee19996aef38690e958a35",
            summary="999 rows of Meta's block store, sample 1",
        ),
        replace(
            _CACHELIB,
            name="cachelib/block-2",
            file="traces_cachelib/block_traces_2.csv",
            sha256="a999d3d3c7bb1e25af2f4072b62704a0aa1cf114a41cc86a3a546b3c9ad1916d",
            summary="999 rows of Meta's block store, sample 2",
        ),
        replace(
            _CACHELIB,
            name="cachelib/kvcache-reg",
            file="traces_cachelib/kvcache_reg/config.json",
            sha256="a5533a6cc4ee2f0d23c0b3ee5fd494a66303b638c6455dadcb72c4b3558cc852",
            summary="model of Meta's cache of a key-value cache of a region",
            companions=(
                ("pop.json", "a13793dceb3d5f4250b4f935eaa69d878d40491dad7cfb1321ef31343e1eb906"),
            ),
        ),
        replace(
            _CACHELIB,
            name="cachelib/leader-assocs",
            file="traces_cachelib/graph_cache_leader_assocs/config.json",
            sha256="b376c34b26c92ba0c15adaedb2a297c8bfeb8fa2f9858fe201bf0bfea68d18a5",
            summary="model of Meta's cache of edges of the social graph, leader",
            companions=(
                ("pop.json", "6c2d9de9c14b8b7a747f8b95d9398d7bbe935678f1d286feea1235d64d130474"),
            ),
        ),
        replace(
            _CACHELIB,
            name="cachelib/leader-fbobj",
            file="traces_cachelib/graph_cache_leader_fbobj/config.json",
            sha256="308b423f2cb4a755f92aa5d1ffe6593828d2c61400410474fcc8e0f76f643c15",
            summary="model of Meta's cache of objects of the social graph, leader",
            companions=(
                ("pop.json", "23b915f8239c32142841287b96d5cfc2624502531af8e7565d24c6df4982def3"),
            ),
        ),
        replace(
            _CACHELIB,
            name="cachelib/follower-assocs",
            file="traces_cachelib/graph_cache_follower_assocs/config.json",
            sha256="4823c50758227177628bf72a06a90f8308dce7dd423496d32ef7d81fdeb96bc6",
            summary="model of Meta's cache of edges of the social graph, follower",
            companions=(
                ("pop.json", "dd5233f6d6989434dcb5954515b8547158f8810667d95e05f25d400b5eee1abf"),
            ),
        ),
        replace(
            _CACHELIB,
            name="cachelib/follower-fbobj",
            file="traces_cachelib/graph_cache_follower_fbobj/config.json",
            sha256="a210c8286db58027bad9e1593ed021879e72cff924778bf9aa74e465c1a9daae",
            summary="model of Meta's cache of objects of the social graph, follower",
            companions=(
                ("pop.json", "f66aed057ca3bf0decb5aac3f62d3d39d3a98f59807909bfa7f5644fea6b86da"),
            ),
        ),
        replace(
            _CAFFEINE,
            name="caffeine/adapt-size",
            file="traces_caffeine/adapt_size_request.trace.xz",
            sha256="92df6bf9efbc981856c1a4612de9b671d203a090f1f7cb74e94d1f2eee1675b6",
            summary="66,987 requests of a content delivery network",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/address-gcc",
            file="traces_caffeine/address_gcc.trace.gz",
            sha256="5bdb3949313a0b7a94174c5fd7eb5c448e7e9f6a281e280621099dc29beaa26a",
            summary="515,683 loads and stores of SPEC2000's gcc",
            licence="SPEC2000, from a course of UCSD and UMD, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/address-swim",
            file="traces_caffeine/address_swim.trace.gz",
            sha256="c83130907044e8a919301f519d4cf31c8d014a9739f05578cc3459baac7d7e1b",
            summary="303,193 loads and stores of SPEC2000's swim",
            licence="SPEC2000, from a course of UCSD and UMD, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/address-twolf",
            file="traces_caffeine/address_twolf.trace.gz",
            sha256="d15fd61bd779bfc82dc6e94a6f4a6547dc1e6d92c60d7df495ff33ad4f298b71",
            summary="482,824 loads and stores of SPEC2000's twolf",
            licence="SPEC2000, from a course of UCSD and UMD, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/cache2k-orm-busy",
            file="traces_caffeine/cache2k_orm-busy.trace.xz",
            sha256="0b1d6593387d713c98cc20a5b8c4128eaa983f94dcd70069b032dc1af9c2ceb3",
            summary="5,000,000 object accesses of a shop's mapper, busy",
            licence="CC BY 4.0, (c) headissue GmbH",
            format="words32",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/cache2k-orm-night",
            file="traces_caffeine/cache2k_orm-night.trace.xz",
            sha256="144cc3050f79b202c70d4fb4b69023a485126adcd0ad2758fb4f5cc1ef0573b1",
            summary="5,000,000 object accesses of a shop's mapper, at night",
            licence="CC BY 4.0, (c) headissue GmbH",
            format="words32",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/cache2k-web07",
            file="traces_caffeine/cache2k_web07.trace.xz",
            sha256="e50bb13aa66d1cc71877c8ea92c577be0d0ab5b2b4f7a16c87046af1097bd46a",
            summary="76,118 product pages of a shop, by day",
            licence="CC BY 4.0, (c) headissue GmbH",
            format="words32",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/cache2k-web12",
            file="traces_caffeine/cache2k_web12.trace.xz",
            sha256="a76c78e129a982fe17055d0a291ebf385e7a0aa7964bd091d006bcde862bcdad",
            summary="95,607 product pages of a shop, in December",
            licence="CC BY 4.0, (c) headissue GmbH",
            format="words32",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/w106",
            file="traces_caffeine/cloud_physics_w106.trace.xz",
            sha256="679615d555d3f0c26771b0afd859caeee54e236908cd60105d08b547abadba21",
            summary="5,292,456 block requests of a virtual disk",
            licence="(c) CloudPhysics, in Caffeine",
            format="words32",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/corda",
            file="traces_caffeine/corda_trace_vaultservice.gz",
            sha256="bc2c118fe0a56b877fc21d35ad2a46b19d2f28b593553b8aa36a788cc169b21c",
            summary="135,702 requests of the vault of a distributed ledger",
            format="words64",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/lirs-2-pools",
            file="traces_caffeine/lirs_2_pools.trace.gz",
            sha256="12370af6d9e1b5a4d16642c6a5d0322565f20aed54bed8176901e74f70a4c3ee",
            summary="100,000 references to two pools of blocks",
            licence="from the authors of LIRS, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/lirs-cs",
            file="traces_caffeine/lirs_cs.trace.gz",
            sha256="05b8faa3fa5f9818a72ef57fe5502058d3cbf090514133dfc2136a761a8286e6",
            summary="6,781 block references of an interactive C browser",
            licence="from the authors of LIRS, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/lirs-gli",
            file="traces_caffeine/lirs_gli.trace.gz",
            sha256="c300a0bff8149373bdbb7df3fa440e621aba920b0ec6bcc7a936f360f782511c",
            summary="6,015 block references of a text search",
            licence="from the authors of LIRS, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/lirs-multi3",
            file="traces_caffeine/lirs_multi3.trace.gz",
            sha256="e1957bb3c49a1e3409fb651dd8fc4273eb144acdc5deb820e7671cb18583dfad",
            summary="30,241 block references of four programs at once",
            licence="from the authors of LIRS, in Caffeine",
        ),
        replace(
            _CAFFEINE,
            name="caffeine/lirs-sprite",
            file="traces_caffeine/lirs_sprite.trace.gz",
            sha256="e2613162ee4d5134cf155ae090ccd1613a0a91f45e3a0bd636233b5bb42fc28d",
            summary="133,996 block references of a network file system",
            licence="from the authors of LIRS, in Caffeine",
        ),
        replace(
            _LIBCACHESIM,
            name="cloudphysics/io",
            file="traces_cloudphysics/cloudPhysicsIO.csv.xz",
            sha256="7e5db599ba3649527ff470964eb2a4bc543b442cc69df1d36712243bf7a6f5af",
            summary="two hours of 113,872 block requests of virtual disks",
        ),
        replace(
            _BCC,
            name="kvm/kvmexit",
            file="traces_kvm/kvmexit_example.txt",
            sha256="3c4a5f5c610535fdd124e5965ed37dfc3cf505bfbbae2f2b14b8c61402141033",
            summary="counts of virtual machine exits of a KVM host, by virtual CPU",
        ),
        replace(
            _TWEMCACHE,
            name="twitter/2020mar",
            file="traces_twitter_stats/2020Mar.md",
            sha256="6a56d05c0dc0431f311a3d28da74f9fd2e34daf989086738466a2b1d308cb406",
            summary="statistics of Twitter's 54 cache clusters in March 2020",
        ),
        replace(
            _XENTRACE,
            name="xen/xentrace",
            file="traces_xen/xentrace.bin.xz",
            sha256="180854691bda8f5b9982cebab25fbb0f656f85f06b8cb71714cface3aa40c8ac",
            summary="180,493 events of a Xen host with 8 CPUs and one guest",
        ),
        replace(
            _XENTRACE_DECODED,
            name="xen/events",
            file="traces_xen/xen_events.npz",
            sha256="96b5b4d062c816e0fed8d9877bcdf88a6f3a80c307aeda3b7f1a3ee07ee21eb4",
            summary="180,493 events of a Xen host with 8 CPUs and one guest, in order of time",
        ),
    )
}
"""Every known data set by name."""
