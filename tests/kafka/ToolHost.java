// One warm JVM that runs Kafka's command-line tools, one after the other.
//
// A tool's own JVM takes one to two seconds to start, and the tests call tools more than a hundred times.
// Here the same main classes run with the same arguments; only the JVM is shared. A request is one line:
// the class name and the arguments, each in base64. The answer is one line, `exit-code out-bytes err-bytes`,
// followed by exactly these bytes of standard output and standard error.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

public final class ToolHost {
    /** Leaves a tool where it would have ended its JVM. */
    private static final class Exited extends RuntimeException {
        final int status;

        Exited(int status) {
            super("exit " + status, null, false, false);
            this.status = status;
        }
    }

    /** Scala's console keeps the stream it saw first, so the stream stays and its target changes. */
    private static final class Switch extends OutputStream {
        private OutputStream target = OutputStream.nullOutputStream();

        synchronized void to(OutputStream next) {
            target = next;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            target.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int count) throws IOException {
            target.write(bytes, from, count);
        }
    }

    private static Integer firstStatus;

    public static void main(String[] unused) throws Exception {
        PrintStream answers = System.out;
        Switch out = new Switch();
        Switch err = new Switch();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        Exit.Procedure leave = (status, message) -> {
            // A tool that catches everything may call exit again; the first word counts.
            if (firstStatus == null) {
                firstStatus = status;
            }
            throw new Exited(status);
        };
        Exit.setExitProcedure(leave);
        Exit.setHaltProcedure(leave);
        Exit.setShutdownHookAdder((name, action) -> { });

        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            List<String> words = new ArrayList<>();
            for (String word : line.split(" ")) {
                words.add(new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8));
            }
            ByteArrayOutputStream stdout = new ByteArrayOutputStream();
            ByteArrayOutputStream stderr = new ByteArrayOutputStream();
            out.to(stdout);
            err.to(stderr);
            int status = run(words.get(0), words.subList(1, words.size()).toArray(new String[0]));
            System.out.flush();
            System.err.flush();
            out.to(OutputStream.nullOutputStream());
            err.to(OutputStream.nullOutputStream());
            answers.println(status + " " + stdout.size() + " " + stderr.size());
            stdout.writeTo(answers);
            stderr.writeTo(answers);
            answers.flush();
        }
    }

    private static int run(String className, String[] arguments) {
        firstStatus = null;
        try {
            Class.forName(className).getMethod("main", String[].class).invoke(null, (Object) arguments);
            return firstStatus == null ? 0 : firstStatus;
        } catch (InvocationTargetException failed) {
            if (failed.getCause() instanceof Exited) {
                return firstStatus;
            }
            failed.getCause().printStackTrace(System.err);
            return 1;
        } catch (ReflectiveOperationException missing) {
            missing.printStackTrace(System.err);
            return 127;
        }
    }
}
