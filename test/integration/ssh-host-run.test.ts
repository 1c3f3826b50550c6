import '../helpers/over-ssh';
import './local-host-run.test';
