// Reads manifests with Strimzi's own API classes and says what they hold, one line a file.
//
// Each line has tab-separated fields: kind, the versions that these classes know, name, namespace, cluster label,
// next-node-ids, remove-node-ids, replicas, reserved.broker.max.id, and the keys that no class knows. `-` is absent, `null`
// is a key with the value null.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.strimzi.api.ResourceAnnotations;
import io.strimzi.api.ResourceLabels;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import java.io.File;
import java.util.Map;
import java.util.TreeSet;

public final class StrimziApi {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    public static void main(String[] files) throws Exception {
        for (String file : files) {
            JsonNode tree = YAML.readTree(new File(file));
            boolean pool = tree.get("kind").asText().equals("KafkaNodePool");
            System.out.println(pool ? pool(tree) : kafka(tree));
        }
    }

    private static String pool(JsonNode tree) throws Exception {
        KafkaNodePool pool = YAML.treeToValue(tree, KafkaNodePool.class);
        TreeSet<String> unknown = new TreeSet<>(pool.getAdditionalProperties().keySet());
        Integer replicas = null;
        if (pool.getSpec() != null) {
            unknown.addAll(pool.getSpec().getAdditionalProperties().keySet());
            // An int in these classes: only the tree tells whether it is there.
            replicas = tree.get("spec").has("replicas") ? pool.getSpec().getReplicas() : null;
        }
        return line(
                pool.getKind(), String.join(",", KafkaNodePool.VERSIONS), pool.getMetadata(), replicas, null, unknown);
    }

    private static String kafka(JsonNode tree) throws Exception {
        Kafka kafka = YAML.treeToValue(tree, Kafka.class);
        TreeSet<String> unknown = new TreeSet<>(kafka.getAdditionalProperties().keySet());
        unknown.addAll(kafka.getSpec().getAdditionalProperties().keySet());
        unknown.addAll(kafka.getSpec().getKafka().getAdditionalProperties().keySet());
        Object max = kafka.getSpec().getKafka().getConfig().get("reserved.broker.max.id");
        return line(kafka.getKind(), String.join(",", Kafka.VERSIONS), kafka.getMetadata(), null, max, unknown);
    }

    private static String line(
            String kind, String version, ObjectMeta meta, Integer replicas, Object max, TreeSet<String> unknown) {
        Map<String, String> annotations = meta.getAnnotations();
        Map<String, String> labels = meta.getLabels();
        return String.join(
                "\t",
                kind,
                version,
                meta.getName(),
                of(meta.getNamespace()),
                labels == null ? "-" : of(labels.get(ResourceLabels.STRIMZI_CLUSTER_LABEL)),
                annotation(annotations, ResourceAnnotations.ANNO_STRIMZI_IO_NEXT_NODE_IDS),
                annotation(annotations, ResourceAnnotations.ANNO_STRIMZI_IO_REMOVE_NODE_IDS),
                of(replicas),
                of(max),
                String.join(",", unknown) + ".");
    }

    private static String annotation(Map<String, String> annotations, String key) {
        return annotations == null || !annotations.containsKey(key) ? "-" : String.valueOf(annotations.get(key));
    }

    private static String of(Object value) {
        return value == null ? "-" : value.toString();
    }
}
